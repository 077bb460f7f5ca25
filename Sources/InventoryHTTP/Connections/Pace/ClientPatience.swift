import NIOCore

/// How much longer to wait for a client that moves bytes: an amount that runs out with time, and that every byte
/// replenishes, up to what it was. So whoever keeps a pace is waited for, whatever the length, and whoever stops, or
/// moves a byte now and then, is not.
struct ClientPatience {
    private let full: TimeAmount
    private let bytesPerSecond: Int
    private var end: NIODeadline

    init(_ full: Duration, bytesPerSecond: Int, now: NIODeadline) {
        self.full = TimeAmount(full)
        self.bytesPerSecond = bytesPerSecond
        end = now + self.full
    }

    mutating func replenish(bytes: Int, now: NIODeadline) {
        // In floating point, because bytes times nanoseconds may be more than an integer holds.
        let seconds = Double(bytes) / Double(bytesPerSecond)
        let added = TimeAmount.nanoseconds(Int64(min(seconds * 1e9, Double(full.nanoseconds))))
        end = min(end + added, now + full)
    }

    func isOver(_ now: NIODeadline) -> Bool { now >= end }
}
