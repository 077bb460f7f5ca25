import NIOCore
import Synchronization

/// Checks the connections of one event loop periodically, with one timer for all of them.
///
/// Works in steps: checks some at a time and closes few at a time, because thousands that are too slow at once must not
/// hold up the others.
final class ConnectionWatch {
    let observer: any HTTPObserver
    private let eventLoop: any EventLoop
    /// The period in which every connection is checked, unless too many have to be closed.
    private let round: TimeAmount
    private var meters: [ConnectionMeter] = []
    /// Meters below this index are still to be checked in this round. Goes from the last to the first, because `remove`
    /// moves the last one to the free index: so none is left out.
    private var next = 0
    /// The number of steps in this round, and of meters left to check in the current step.
    private var steps = 1
    private var remainingInStep = 0
    private var isRunning = false
    private var isDraining = false

    private static let minimumPerStep = 8
    private static let minimumPause = TimeAmount.milliseconds(2)
    private static let maximumClosedAtOnce = 4

    init(_ eventLoop: any EventLoop, _ limits: ConnectionLimits, _ observer: any HTTPObserver = NoHTTPObserver()) {
        self.observer = observer
        self.eventLoop = eventLoop
        // A twentieth of the shortest timeout, at most half a second.
        let shortest = min(limits.idle, limits.handshake, limits.head, limits.body, limits.response)
        round = TimeAmount(min(shortest / 20, .milliseconds(500)))
    }

    func add(_ meter: ConnectionMeter) {
        meter.index = meters.count
        // A round that has not begun includes it.
        if next == meters.count { next += 1 }
        meters.append(meter)
        if !isRunning { run() }
    }

    func remove(_ meter: ConnectionMeter) {
        let last = meters.removeLast()
        guard last !== meter else { return }
        meters[meter.index] = last
        last.index = meter.index
    }

    /// From now on connections close after the requests that they have sent.
    func drain() {
        isDraining = true
        // A copy, because those that close leave.
        for meter in Array(meters) { meter.quiesce() }
    }

    /// Closes all connections at once.
    /// - Returns: How many of them lacked a response, or part of one.
    func cutOff() -> Int {
        // A copy, because those that are closed leave.
        Array(meters).count { $0.cutOff() }
    }

    private func run() {
        isRunning = !meters.isEmpty
        guard isRunning else { return }
        if next == 0 {
            next = meters.count
            steps = max(1, min(next / Self.minimumPerStep, Int(round.nanoseconds / Self.minimumPause.nanoseconds)))
        }
        // A step that closed the maximum continues soon.
        let pause = remainingInStep > 0 ? Self.minimumPause : .nanoseconds(round.nanoseconds / Int64(steps))
        eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.step()
            self.run()
        }
    }

    private func step() {
        let now = eventLoop.now
        var closed = 0
        if remainingInStep == 0 { remainingInStep = meters.count / steps + 1 }
        while remainingInStep > 0, isDraining || closed < Self.maximumClosedAtOnce {
            // A check may have removed some.
            next = min(next, meters.count)
            guard next > 0 else {
                remainingInStep = 0
                return
            }
            next -= 1
            remainingInStep -= 1
            if meters[next].check(now, isDraining: isDraining) { closed += 1 }
        }
    }
}

/// The watch of each event loop.
final class ConnectionWatches: Sendable {
    private struct State {
        var watches: [ObjectIdentifier: NIOLoopBound<ConnectionWatch>] = [:]
        var isDraining = false
    }

    let observer: any HTTPObserver
    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits, _ observer: any HTTPObserver) {
        self.observer = observer
        self.limits = limits
    }

    /// Must be called on the event loop.
    func watch(of eventLoop: any EventLoop) -> ConnectionWatch {
        let watch = state.withLock { state in
            if let watch = state.watches[ObjectIdentifier(eventLoop)] { return watch }
            let watch = NIOLoopBound(ConnectionWatch(eventLoop, limits, observer), eventLoop: eventLoop)
            if state.isDraining { watch.value.drain() }
            state.watches[ObjectIdentifier(eventLoop)] = watch
            return watch
        }
        return watch.value
    }

    /// From now on connections close after the requests that they have sent, also those that open at this moment.
    func drain() {
        let watches = state.withLock { state in
            state.isDraining = true
            return state.watches.values
        }
        for watch in watches { watch.eventLoop.execute { watch.value.drain() } }
    }

    /// Closes all connections at once.
    /// - Returns: How many of them lacked a response, or part of one.
    func cutOff() async throws -> Int {
        var count = 0
        for watch in state.withLock({ $0.watches.values }) {
            count += try await watch.eventLoop.submit { watch.value.cutOff() }.get()
        }
        return count
    }
}
