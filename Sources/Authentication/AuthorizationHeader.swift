/// The value of an `Authorization` header, split into its scheme and the rest, which is not validated yet.
struct AuthorizationHeader {
    enum Scheme: UInt64 {
        case bearer, basic

        /// With the blank after it.
        fileprivate var name: StaticString {
            switch self {
            case .bearer: "bearer "
            case .basic: "basic "
            }
        }

        fileprivate var length: Int { name.utf8CodeUnitCount }

        /// In any case of letters; the blank already has the bit that makes them small.
        fileprivate func begins(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
            let name = name.utf8Start
            return text.count >= length && (0..<length).allSatisfy { text[$0] | 0x20 == name[$0] }
        }
    }

    static let maximumBytes = 8_192

    let scheme: Scheme
    private var text: String
    private let start: Int

    /// - Returns: `nil` if it is too long for a credential, or of another scheme.
    init?(_ text: String) {
        self.text = text
        let found = self.text.withUTF8 { bytes in
            guard bytes.count <= Self.maximumBytes else { return (Scheme, Int)?.none }
            let scheme: Scheme
            if Scheme.bearer.begins(bytes) {
                scheme = .bearer
            } else if Scheme.basic.begins(bytes) {
                scheme = .basic
            } else {
                return nil
            }
            return (scheme, bytes[scheme.length...].firstIndex { $0 != UInt8(ascii: " ") } ?? bytes.count)
        }
        guard let found else { return nil }
        (scheme, start) = found
    }

    var value: Substring { text[text.utf8.index(text.startIndex, offsetBy: start)...] }

    mutating func withValue<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        let start = start
        return text.withUTF8 { body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[start...])) }
    }
}
