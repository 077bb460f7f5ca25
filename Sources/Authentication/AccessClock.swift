import Inventory

/// What time it is, for what is remembered and for what expires.
struct AccessClock: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    var wall: @Sendable () -> Timestamp = { Timestamp.now }
}
