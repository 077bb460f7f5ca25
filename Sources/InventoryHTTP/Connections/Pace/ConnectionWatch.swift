import NIOCore
import Synchronization

/// Checks the connections of one event loop again and again, while there are any: one timer for all of them.
///
/// Of many, it checks some at a time, and ends few at a time: thousands that are found too slow at once must not hold up
/// the others.
final class ConnectionWatch {
    private let eventLoop: any EventLoop
    /// In which every connection is checked, unless too many have to be ended.
    private let round: TimeAmount
    private var meters: [ConnectionMeter] = []
    /// Those at lower places are still to be checked in this round. From the last to the first, because whoever leaves is
    /// replaced by the last: so none is left out.
    private var next = 0
    /// In how many steps this round goes, and how many are to be checked in the one that has begun.
    private var steps = 1
    private var left = 0
    private var isRunning = false

    private static let leastPerStep = 8
    private static let shortestPause = TimeAmount.milliseconds(2)
    private static let maximumClosedAtOnce = 4

    init(_ eventLoop: any EventLoop, _ limits: ConnectionLimits) {
        self.eventLoop = eventLoop
        // A twentieth of the shortest wait, and not too often for thousands of connections.
        let shortest = min(limits.idle, limits.handshake, limits.head, limits.body, limits.answer)
        round = TimeAmount(min(shortest / 20, .milliseconds(500)))
    }

    func add(_ meter: ConnectionMeter) {
        meter.place = meters.count
        // A round that has not begun takes it along.
        if next == meters.count { next += 1 }
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
        if next == 0 {
            next = meters.count
            steps = max(1, min(next / Self.leastPerStep, Int(round.nanoseconds / Self.shortestPause.nanoseconds)))
        }
        // Who has ended as many as it may at once goes on soon.
        let pause = left > 0 ? Self.shortestPause : .nanoseconds(round.nanoseconds / Int64(steps))
        eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.step()
            self.run()
        }
    }

    private func step() {
        let now = eventLoop.now
        var ended = 0
        if left == 0 { left = meters.count / steps + 1 }
        while left > 0, ended < Self.maximumClosedAtOnce {
            // Some may have left, by being checked.
            next = min(next, meters.count)
            guard next > 0 else {
                left = 0
                return
            }
            next -= 1
            left -= 1
            if meters[next].check(now) { ended += 1 }
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
