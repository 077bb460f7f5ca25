/// The value of an `Authorization` header, the key of cached credentials.
struct PresentedCredential: Hashable {
    private static let maximumBytes = 8_192
    /// The end of a key or token is its secret or signature, which differs from all others.
    private static let hashedBytes = 32

    let text: String

    /// - Returns: `nil` if it is too long for a credential, or not ASCII, in which equal strings have equal bytes.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        self.text = text
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { bytes in
            hasher.combine(
                bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).suffix(Self.hashedBytes)))
        }
    }
}
