import Crypto

/// A secret that authenticates a principal: `khata_<id>_<secret><checksum>`.
///
/// The checksum (CRC-32 of what precedes it, in base62) refuses a mistyped key without a query and lets scanners find
/// leaked keys with few false alarms. Source: GitHub, "Behind GitHub's new authentication token formats" (2021).
public struct APIKey: Sendable {
    /// The public id of the key: twelve hexadecimal digits.
    public let id: String
    private let secret: String

    /// How long a key may stay valid that another one replaces, and how long it does unless somebody says so.
    public static let overlapHours: ClosedRange<Int64> = 0...8_760
    public static let standardOverlapHours: Int64 = 24

    /// 22 digits of base62 are 130 bits.
    private static let secretLength = 22
    private static let idLength = 12
    private static let checksumLength = 6
    private static let tokenLength = "khata_".utf8.count + idLength + "_".utf8.count + secretLength + checksumLength

    /// A new key from the system's random number generator.
    public static func generate() -> APIKey {
        APIKey(
            id: newID(),
            secret: String((0..<secretLength).map { _ in base62Digits.randomElement()! }))
    }

    /// Parses a key; `nil` if it is malformed.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.tokenLength else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "khata",
            Self.isID(parts[1]),
            parts[2].count == Self.secretLength + Self.checksumLength, parts[2].allSatisfy(Self.base62Digits.contains)
        else { return nil }
        self.init(id: String(parts[1]), secret: String(parts[2].prefix(Self.secretLength)))
        guard parts[2].suffix(Self.checksumLength) == checksum else { return nil }
    }

    static func newID() -> String { String((0..<idLength).map { _ in hexDigits.randomElement()! }) }

    /// Whether a key may have this id.
    public static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == idLength && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// The whole key: shown once, when it is created.
    public var token: String { unchecked + checksum }

    /// The stored form of the secret: 32 bytes of SHA-256.
    public var secretHash: [UInt8] { Array(digest) }

    /// Whether this is the secret of a stored key, compared in constant time.
    package func matches(_ secretHash: [UInt8]) -> Bool { digest == secretHash }

    private var digest: SHA256.Digest { SHA256.hash(data: Array(secret.utf8)) }

    private var unchecked: String { "khata_\(id)_\(secret)" }

    private var checksum: String {
        var rest = crc32(unchecked.utf8)
        let digits = (0..<Self.checksumLength).map { _ in
            defer { rest /= 62 }
            return Self.base62Digits[Int(rest % 62)]
        }
        return String(digits.reversed())
    }

    private static let hexDigits = Array("0123456789abcdef")
    private static let base62Digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}

/// CRC-32 as in zlib (reflected, polynomial 0x04C11DB7), bit by bit: a key is short and seldom read.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
}
