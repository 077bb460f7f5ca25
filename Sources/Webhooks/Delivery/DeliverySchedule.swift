/// When a failed delivery is tried again: for three days, as Standard Webhooks proposes.
public struct DeliverySchedule: Sendable {
    /// The waits after the first, second, … failed attempt. After the last one, nothing more is sent.
    var delays: [Duration] = [
        .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14), .hours(20), .hours(24),
    ]

    /// A receiver cannot postpone the next attempt for longer.
    static let maximumRetryAfter = Duration.hours(24)
    /// Of the wait, at most, so that many stores that failed together do not come back together.
    static let jitter = 0.2

    /// No attempt is further away, unless a clock was ahead when that was decided.
    static let maximumDelay = Duration.hours(24) * (1 + jitter)

    public init() {}

    /// - Parameters:
    ///   - attempts: How many failed.
    ///   - retryAfter: What the receiver asks for.
    ///   - chance: From 0 to 1.
    /// - Returns: The wait before the next attempt; `nil` if there is none.
    func delay(after attempts: Int, retryAfter: Duration?, chance: Double) -> Duration? {
        guard delays.indices.contains(attempts - 1) else { return nil }
        let spread = 1 + Self.jitter * chance
        return max(delays[attempts - 1] * spread, min((retryAfter ?? .zero) * spread, Self.maximumRetryAfter))
    }
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    static func hours(_ count: Int) -> Duration { .seconds(3_600 * count) }
}
