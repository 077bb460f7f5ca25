import Crypto
import Inventory
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Authenticates the documents in Redis (HMAC-SHA256, RFC 2104): a client of Redis that does not know the secret can
/// neither forge one nor move one to another key, namespace or history.
///
/// It can put back old marks and old documents. So a document also has an age limit.
struct DocumentSeal: Sendable {
    /// Copied for each document, which saves two rounds of the hash.
    private let code: HMAC<SHA256>
    private let history: History

    private static let codeBytes = SHA256.byteCount

    init(_ secret: CacheSecret, namespace: String, history: History) {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(secret.text.utf8)),
            info: Array("\(namespace)/\(history.id)".utf8), outputByteCount: Self.codeBytes)
        code = HMAC(key: derived)
        self.history = history
    }

    /// The code; four 64-bit integers: when it was rendered, the stamp's two positions, and the id that the next page
    /// starts after, or 0; then the body.
    /// - Parameter key: In Redis.
    func seal(_ document: Document, _ key: String, renderedAt: Timestamp) -> ByteBuffer {
        let next = document.next ?? 0
        var sealed = ByteBuffer(repeating: 0, count: Self.codeBytes)
        sealed.reserveCapacity(minimumWritableBytes: 32 + document.body.readableBytes)
        sealed.writeMultipleIntegers(
            renderedAt.microseconds, document.stamp.position.rawValue, document.stamp.catalogPosition.rawValue, next)
        sealed.writeImmutableBuffer(document.body)
        sealed.setBytes(code(of: sealed.readableBytesView[Self.codeBytes...], key), at: 0)
        return sealed
    }

    /// - Returns: `nil` if it is not genuine, or too old.
    func open(_ sealed: ByteBuffer, _ key: String) -> (document: Document, renderedAt: Timestamp)? {
        content(of: sealed, key).flatMap(read)
    }

    /// Whether it was sealed with this secret for this key, however old it is.
    func isGenuine(_ sealed: ByteBuffer, _ key: String) -> Bool { content(of: sealed, key) != nil }

    private func content(of sealed: ByteBuffer, _ key: String) -> ByteBuffer? {
        var rest = sealed
        guard let code = rest.readBytes(length: Self.codeBytes), self.code(of: rest.readableBytesView, key) == code
        else { return nil }
        return rest
    }

    /// What is sealed: not to be trusted without its code.
    func read(_ content: ByteBuffer) -> (document: Document, renderedAt: Timestamp)? {
        var rest = content
        guard
            let (renderedAt, position, catalog, next) = rest.readMultipleIntegers(
                as: (Int64, Int64, Int64, Int64).self),
            DocumentAge.isValid(Timestamp(microseconds: renderedAt))
        else { return nil }
        let stamp = Stamp(
            history: history, position: Position(rawValue: position), catalogPosition: Position(rawValue: catalog))
        let document = Document(stamp: stamp, body: rest, next: next == 0 ? nil : next, source: nil)
        return (document, Timestamp(microseconds: renderedAt))
    }

    /// The key's length comes first, so that no other key and document are the same bytes.
    private func code(of content: ByteBufferView, _ key: String) -> HashedAuthenticationCode<SHA256> {
        var code = code
        var key = key
        key.withUTF8 { name in
            withUnsafeBytes(of: UInt64(name.count).bigEndian) { code.update(data: $0) }
            code.update(data: UnsafeRawBufferPointer(name))
        }
        content.withUnsafeBytes { code.update(data: $0) }
        return code.finalize()
    }
}

/// How long a document may be used after it was rendered, by this machine's clock: so that what a client of Redis puts
/// back is not older.
enum DocumentAge {
    /// In Redis, in ms. Random, so that documents that were filled together do not expire together.
    static let lifetime = 540_000...660_000
    /// The tolerated difference between the clocks of instances, in seconds.
    private static let tolerance: Int64 = 60

    static func isValid(_ renderedAt: Timestamp, now: Timestamp = .now) -> Bool {
        let oldest = now.microseconds - Int64(lifetime.upperBound) * 1_000 - tolerance * 1_000_000
        return (oldest...(now.microseconds + tolerance * 1_000_000)).contains(renderedAt.microseconds)
    }
}
