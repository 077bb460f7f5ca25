import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Signs what a webhook's receiver gets, so that it can tell where that is from.
///
/// Source: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), symmetric signatures.
public struct WebhookSecret: Hashable, Sendable {
    let bytes: [UInt8]

    private static let prefix = "whsec_"
    private static let lengths = 24...64

    /// 32 bytes of the system's random number generator.
    public static func generate() -> WebhookSecret {
        WebhookSecret(bytes: (0..<32).map { _ in .random(in: .min ... .max) })
    }

    /// Parses `whsec_` and 24 to 64 bytes in base64.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64.decode(text.utf8.dropFirst(Self.prefix.utf8.count), .padded),
            Self.lengths.contains(bytes.count)
        else { return nil }
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The secret itself, as receivers are configured with it.
    public var text: String { Self.prefix + Base64.encode(bytes, .padded) }

    /// A signature for the header `webhook-signature`.
    /// - Parameters:
    ///   - id: The header `webhook-id`.
    ///   - seconds: The header `webhook-timestamp`: since 1970.
    public func signature(id: String, seconds: Int64, body: String) -> String {
        let signed = Data("\(id).\(seconds).\(body)".utf8)
        return "v1,"
            + Base64.encode(HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: bytes)), .padded)
    }
}

/// Whatever prints it.
extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
