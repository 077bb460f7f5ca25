import Access
import Crypto
import Inventory

/// Names a command that was sent to the queue: its idempotency key, and when it was sent. Authenticated, so that only those
/// that were are said to be pending, and only to the principal who sent it.
struct CommandID {
    let key: IdempotencyKey
    let sentAt: Timestamp

    private static let timeBytes = 8
    private static let fingerprintBytes = 32
    private static let codeBytes = 16

    init(_ key: IdempotencyKey, sentAt: Timestamp = .now) {
        self.key = key
        self.sentAt = sentAt
    }

    /// Parses an id.
    /// - Returns: `nil` if it is not of the principal, or of nobody.
    init?(_ text: Substring, of principal: String, _ secret: [UInt8]) {
        guard let bytes = Base64.decode(text.utf8, .url),
            bytes.count > Self.timeBytes + Self.fingerprintBytes + Self.codeBytes
        else { return nil }
        let content = bytes.dropLast(Self.codeBytes)
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.authenticated(content, principal), using: SymmetricKey(data: secret))
        guard areEqual(bytes.suffix(Self.codeBytes), code.prefix(Self.codeBytes)) else { return nil }
        let time = content.prefix(Self.timeBytes).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let fingerprint = content.dropFirst(Self.timeBytes).prefix(Self.fingerprintBytes)
        let name = content.dropFirst(Self.timeBytes + Self.fingerprintBytes)
        self.init(
            IdempotencyKey(
                principal: principal, key: String(decoding: name, as: UTF8.self), fingerprint: Array(fingerprint)),
            sentAt: Timestamp(microseconds: time))
    }

    /// For a path.
    func text(_ secret: [UInt8]) -> String {
        let time = UInt64(bitPattern: sentAt.microseconds)
        let content =
            (0..<Self.timeBytes).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * UInt64($0))) } + key.fingerprint
            + Array(key.key.utf8)
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.authenticated(content[...], key.principal), using: SymmetricKey(data: secret))
        return Base64.encode(content + code.prefix(Self.codeBytes), .url)
    }

    private static func authenticated(_ content: ArraySlice<UInt8>, _ principal: String) -> [UInt8] {
        // No principal has a zero in their id.
        Array(principal.utf8) + [0] + content
    }
}

/// In constant time.
private func areEqual(_ some: some Sequence<UInt8>, _ others: some Sequence<UInt8>) -> Bool {
    zip(some, others).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
}
