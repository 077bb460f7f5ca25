import Access
import Crypto
import HTTPTypes
import HummingbirdCore
import Inventory
import NIOCore

extension Call {
    /// The request's `Idempotency-Key`, bound to what it came with.
    /// - Throws: 400 if it is not 1–255 visible ASCII characters, in quotes or not.
    func idempotencyKey(for body: JSONBody) throws(Problem) -> IdempotencyKey? {
        guard let header = request.headers[.idempotencyKey] else { return nil }
        guard let key = unquotedKey(in: header) else {
            throw Problem(invalid: "Idempotency-Key", "must be 1 to 255 visible ASCII characters")
        }
        var hash = SHA256()
        hash.update(data: Array("\(request.method.rawValue) \(path.normalised)\n".utf8))
        body.bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return IdempotencyKey(principal: principal.id, key: key, fingerprint: Array(hash.finalize()))
    }
}

/// The key in an `Idempotency-Key` header, without its quotes if it has them.
func unquotedKey(in header: String) -> String? {
    var key = Substring(header).trimmed
    if key.count >= 2, key.first == "\"", key.last == "\"" { key = key.dropFirst().dropLast() }
    guard (1...255).contains(key.utf8.count), key.isVisibleASCII else { return nil }
    return String(key)
}
