import Crypto
import Inventory

/// An opaque position in a list: the key of the last item on the page, and a hash that ties it to the list and its
/// reader (`scope`). 24 bytes in base64url (RFC 4648, section 5), which need no padding.
///
/// The hash is not a signature: a forged cursor only leads to another part of a list that its reader may see.
enum Cursor {
    /// Of every cursor, in characters.
    static let length = 32
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(of key: some CursorKey, in scope: String) -> String {
        let bytes = Self.bytes(of: key.numbers, in: scope)
        return String(unsafeUninitializedCapacity: length) { text in
            for group in 0..<(length / 4) {
                let bits = bytes[(3 * group)..<(3 * group + 3)].reduce(0) { $0 << 8 | Int($1) }
                for digit in 0..<4 { text[4 * group + digit] = alphabet[bits >> (18 - 6 * digit) & 63] }
            }
            return length
        }
    }

    /// - Returns: `nil` if the cursor is malformed, or belongs to another list or reader.
    static func key<Key: CursorKey>(in text: String, of scope: String) -> Key? {
        guard text.utf8.count == length else { return nil }
        var bytes: [UInt8] = []
        var bits = 0
        for (index, character) in text.utf8.enumerated() {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | digit
            if index % 4 == 3 { bytes += [16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) } }
        }
        let numbers = (number(bytes[..<8]), number(bytes[8..<16]))
        return Self.bytes(of: numbers, in: scope) == bytes ? Key(numbers: numbers) : nil
    }

    /// The key, followed by eight bytes of the hash of key and scope.
    private static func bytes(of numbers: (Int64, Int64), in scope: String) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 24) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes.storeBytes(of: numbers.0.bigEndian, toByteOffset: 0, as: Int64.self)
            bytes.storeBytes(of: numbers.1.bigEndian, toByteOffset: 8, as: Int64.self)
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<16]))
            var scope = scope
            scope.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
            hash.finalize().withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: bytes[16...]).copyBytes(from: $0.prefix(8))
            }
            count = 24
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// A key that a list is ordered by.
protocol CursorKey {
    var numbers: (Int64, Int64) { get }
    init(numbers: (Int64, Int64))
}

extension CursorKey where Self: LedgerNumber {
    var numbers: (Int64, Int64) { (rawValue, 0) }
    init(numbers: (Int64, Int64)) { self.init(rawValue: numbers.0) }
}

extension ProductID: CursorKey {}
extension StoreID: CursorKey {}

extension EntryKey: CursorKey {
    var numbers: (Int64, Int64) { (storeID.rawValue, position.rawValue) }
    init(numbers: (Int64, Int64)) {
        self.init(storeID: StoreID(rawValue: numbers.0), position: Position(rawValue: numbers.1))
    }
}

extension ReportRow.Key: CursorKey {
    var numbers: (Int64, Int64) { (productID.rawValue, group) }
    init(numbers: (Int64, Int64)) { self.init(productID: ProductID(rawValue: numbers.0), group: numbers.1) }
}
