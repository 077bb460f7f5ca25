import Crypto

/// A Lua script that servers are asked to run by its SHA-1, so that the source travels once.
public struct RedisScript: Sendable, Hashable {
    public let source: String
    /// 40 hexadecimal digits, as `SCRIPT LOAD` returns them.
    public let sha: String

    public init(_ source: String) {
        self.source = source
        sha = Insecure.SHA1.hash(data: Array(source.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
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
