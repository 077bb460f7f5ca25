import Basics
import Crypto

/// A Lua script that is run by its SHA-1, so that the source is sent once.
public struct RedisScript: Sendable, Hashable {
    public let source: String
    /// 40 hexadecimal digits, as `SCRIPT LOAD` returns them.
    public let sha: String

    public init(_ source: String) {
        self.source = source
        sha = Insecure.SHA1.hash(data: Array(source.utf8)).hexadecimal
    }
}

extension RedisCommand {
    /// `EVALSHA`, for a pipeline. A server without the script replies `NOSCRIPT` (``RedisValue/isUnknownScript``) and
    /// continues with the next command; then use ``load(_:)``.
    /// - Parameter keys: All keys that the script touches.
    public static func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> RedisCommand {
        RedisCommand("EVALSHA", [.string(script.sha), .integer(Int64(keys.count))] + keys + arguments)
    }

    /// `SCRIPT LOAD`: the server keeps the script until a restart or `SCRIPT FLUSH`.
    public static func load(_ script: RedisScript) -> RedisCommand {
        RedisCommand("SCRIPT", "LOAD", .string(script.source))
    }

    static func evaluateSource(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> RedisCommand {
        RedisCommand("EVAL", [.string(script.source), .integer(Int64(keys.count))] + keys + arguments)
    }
}

extension RedisClient {
    /// Runs a script by its SHA-1; if the server does not have it yet, sends its source in a second round trip.
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
