import NIOCore

/// How much longer to wait for a client to transfer data: time uses it up, and every byte replenishes it, up to its
/// initial amount. A client that keeps the minimum rate may take any time in total; one that stops, or sends a byte now
/// and then, runs out.
struct TimeAllowance {
    private let initial: TimeAmount
    private let bytesPerSecond: Int
    private var deadline: NIODeadline

    init(_ initial: Duration, bytesPerSecond: Int, now: NIODeadline) {
        self.initial = TimeAmount(initial)
        self.bytesPerSecond = bytesPerSecond
        deadline = now + self.initial
    }

    mutating func replenish(bytes: Int, now: NIODeadline) {
        // In floating point, because bytes times nanoseconds may be more than an integer holds.
        let seconds = Double(bytes) / Double(bytesPerSecond)
        let added = TimeAmount.nanoseconds(Int64(min(seconds * 1e9, Double(initial.nanoseconds))))
        deadline = min(deadline + added, now + initial)
    }

    func isExhausted(_ now: NIODeadline) -> Bool { now >= deadline }
}
