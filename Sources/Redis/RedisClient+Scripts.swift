extension RedisClient {
    /// Runs a script by its SHA-1, and with its source if the server does not know it yet: a second round trip, once.
    /// - Parameters:
    ///   - keys: All keys that the script touches.
    ///   - identity: As in ``send(_:expecting:)``.
    /// - Throws: ``RedisError``; `.server` if the script failed.
    public func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument] = [], expecting identity: String? = nil
    ) async throws(RedisError) -> RedisValue {
        do throws(RedisError) {
            return try await send(.evaluate(script, keys: keys, arguments: arguments), expecting: identity)
        } catch  where error.serverCode == "NOSCRIPT" {
            return try await send(.evaluateSource(script, keys: keys, arguments: arguments), expecting: identity)
        }
    }
}
