import Foundation

/// A password, as typed by a user.
public struct Password: Sendable {
    /// The minimum length of a new password, and the maximum of any.
    public static let characters = 12...1_000

    let bytes: [UInt8]

    /// Parses a presented password; `nil` if no password can be like that.
    ///
    /// Keyboards encode an accented letter in two ways; normalized to NFC, as in RFC 8265, section 4.2.
    public init?(presented text: String) {
        guard (1...Self.characters.upperBound).contains(text.unicodeScalars.count),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { return nil }
        bytes = Array(text.precomposedStringWithCanonicalMapping.utf8)
    }

    /// Parses a new password; `nil` if it is shorter than 12 characters, longer than 1,000, or has control characters.
    public init?(new text: String) {
        self.init(presented: text)
        guard text.count >= Self.characters.lowerBound else { return nil }
    }
}
