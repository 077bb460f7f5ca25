import Basics
import Foundation

/// A file with a JWK Set, which is read again when it changes, to rotate keys without a restart.
public struct TokenKeysFile: Sendable {
    private static let maximumBytes = 1 << 20

    private let path: String
    /// Keys from elsewhere, used in addition to those of the file.
    private let others: TokenKeys

    public init(path: String, others: TokenKeys = TokenKeys()) {
        self.path = path
        self.others = others
    }

    /// - Throws: `TokenKeysError`.
    public func keys() async throws -> TokenKeys {
        try await keys(in: try await contents())
    }

    func keys(in contents: [UInt8]) async throws -> TokenKeys {
        var keys = others
        try await keys.add(jwks: contents)
        return keys
    }

    func contents() async throws -> [UInt8] {
        try await onBlockingThread { try read() }
    }

    private func read() throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw TokenKeysError("\(path) cannot be opened") }
        guard let contents = try? file.read(upToCount: Self.maximumBytes + 1) else {
            throw TokenKeysError("\(path) cannot be read")
        }
        guard contents.count <= Self.maximumBytes else {
            throw TokenKeysError("\(path) is longer than \(Self.maximumBytes) bytes")
        }
        return Array(contents)
    }
}
