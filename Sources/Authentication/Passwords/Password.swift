import Foundation

/// A password, as a person types it.
public struct Password: Sendable {
    /// What a new password must have at least, and any at most.
    public static let characters = 12...1_000

    let bytes: [UInt8]

    /// Reads a password that somebody presents; `nil` if nobody can have it.
    ///
    /// Keyboards spell an accented letter in two ways; they are made one (NFC), as RFC 8265, section 4.2 does.
    init?(presented text: String) {
        guard (1...Self.characters.upperBound).contains(text.unicodeScalars.count),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { return nil }
        bytes = Array(text.precomposedStringWithCanonicalMapping.utf8)
    }

    /// Reads a new password; `nil` if it is shorter than 12 characters, or longer than 1,000, or has control characters.
    public init?(new text: String) {
        guard text.count >= Self.characters.lowerBound else { return nil }
        self.init(presented: text)
    }
}
