import Basics
import Crypto

/// A Lua script that servers are asked to run by its SHA-1, so that the source travels once.
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
    /// `EVALSHA`, for a pipeline. A server that does not know the script answers `NOSCRIPT`
    /// (``RedisValue/isUnknownScript``) and goes on with the next command; ``load(_:)`` is the remedy.
    /// - Parameter keys: All keys that the script touches.
    public static func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> RedisCommand {
        RedisCommand("EVALSHA", [.string(script.sha), .integer(Int64(keys.count))] + keys + arguments)
    }

    /// `SCRIPT LOAD`: the server knows the script until it restarts or is told to forget all scripts.
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
