import NIOCore
import Synchronization

/// Checks the connections of one event loop again and again, while there are any: one timer for all of them.
final class ConnectionWatch {
    private let eventLoop: any EventLoop
    private let interval: TimeAmount
    private var meters: [ConnectionMeter] = []
    private var isRunning = false

    init(_ eventLoop: any EventLoop, _ limits: ConnectionLimits) {
        self.eventLoop = eventLoop
        // A twentieth of the shortest wait, and not too often for thousands of connections.
        let shortest = min(limits.idle, limits.handshake, limits.head, limits.body, limits.answer)
        interval = TimeAmount(min(shortest / 20, .milliseconds(500)))
    }

    func add(_ meter: ConnectionMeter) {
        meter.place = meters.count
        meters.append(meter)
        if !isRunning { run() }
    }

    func remove(_ meter: ConnectionMeter) {
        let last = meters.removeLast()
        guard last !== meter else { return }
        meters[meter.place] = last
        last.place = meter.place
    }

    private func run() {
        isRunning = !meters.isEmpty
        guard isRunning else { return }
        eventLoop.assumeIsolated().scheduleTask(in: interval) {
            let now = self.eventLoop.now
            for meter in self.meters { meter.check(now) }
            self.run()
        }
    }
}

/// The watch of each event loop.
final class ConnectionWatches: Sendable {
    private let limits: ConnectionLimits
    private let watches = Mutex<[ObjectIdentifier: NIOLoopBound<ConnectionWatch>]>([:])

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// To be called on the event loop.
    func watch(of eventLoop: any EventLoop) -> ConnectionWatch {
        let watch = watches.withLock { watches in
            if let watch = watches[ObjectIdentifier(eventLoop)] { return watch }
            let watch = NIOLoopBound(ConnectionWatch(eventLoop, limits), eventLoop: eventLoop)
            watches[ObjectIdentifier(eventLoop)] = watch
            return watch
        }
        return watch.value
    }
}
