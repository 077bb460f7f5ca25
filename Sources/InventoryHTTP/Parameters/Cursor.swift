import Crypto
import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A place in a list, as its client carries it: the key of the last item seen, and a hash that ties the key to the list
/// (`scope`) it is of. 24 bytes in base64url (RFC 4648, section 5), which need no padding.
///
/// The hash is no signature: who forges a cursor sees nothing but another part of a list that they may read.
enum Cursor {
    static func text(of key: some CursorKey, in scope: String) -> String {
        let numbers = key.numbers
        let bytes = bytes(of: numbers.0) + bytes(of: numbers.1)
        return Data(bytes + hash(bytes, scope)).base64EncodedString()
            .map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
    }

    /// - Returns: `nil` if the cursor is damaged or belongs to another list.
    static func key<Key: CursorKey>(in text: String, of scope: String) -> Key? {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") }),
            let data = Data(
                base64Encoded: text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : String($0) }.joined())
        else { return nil }
        let bytes = Array(data)
        guard bytes.count == 24, bytes[16...].elementsEqual(hash(Array(bytes[..<16]), scope)) else { return nil }
        return Key(numbers: (number(bytes[..<8]), number(bytes[8..<16])))
    }

    private static func hash(_ key: [UInt8], _ scope: String) -> [UInt8] {
        Array(SHA256.hash(data: key + scope.utf8).prefix(8))
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian, Array.init)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// What lists are in order of.
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
