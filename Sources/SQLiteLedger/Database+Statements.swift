import GRDB
import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A value of a statement's parameter, in order.
typealias Parameter = any DatabaseValueConvertible

/// A text with a zero byte, which SQLite would cut off there.
struct UnstorableText: Error {}

extension Database {
    /// Runs a statement that is prepared once for each connection.
    func run(_ sql: String, _ parameters: Parameter?...) throws {
        try cachedStatement(sql: sql).execute(arguments: try Self.arguments(parameters))
    }

    /// The rows of a query that is prepared once for each connection.
    func rows<Value>(_ sql: String, _ parameters: Parameter?..., decode: (Row) throws -> Value) throws -> [Value] {
        let rows = try Row.fetchCursor(
            cachedStatement(sql: sql), arguments: try Self.arguments(parameters))
        var values: [Value] = []
        while let row = try rows.next() { values.append(try decode(row)) }
        return values
    }

    private static func arguments(_ parameters: [Parameter?]) throws -> StatementArguments {
        for case let text as String in parameters where text.utf8.contains(0) { throw UnstorableText() }
        return StatementArguments(parameters)
    }
}

extension Row {
    func bytes(_ index: Int) -> [UInt8] { [UInt8](self[index] as Data) }
    func time(_ index: Int) -> Timestamp { Timestamp(microseconds: self[index]) }
    func optionalTime(_ index: Int) -> Timestamp? { (self[index] as Int64?).map { Timestamp(microseconds: $0) } }
    func storeID(_ index: Int) -> StoreID { StoreID(rawValue: self[index]) }
    func productID(_ index: Int) -> ProductID { ProductID(rawValue: self[index]) }
    func position(_ index: Int) -> Position { Position(rawValue: self[index]) }
}
