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
        for case let text as String in parameters where text.hasZeroByte { throw UnstorableText() }
        return StatementArguments(parameters)
    }
}

extension String {
    /// Asked of every text that is written, so of its bytes as they lie in memory.
    fileprivate var hasZeroByte: Bool {
        utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? utf8.contains(0)
    }
}

/// What a row holds, where its table lets nothing else be: a row that holds something else is damage.
extension Row {
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) throws -> Value {
        do {
            return try decode(atIndex: index)
        } catch {
            throw DatabaseError(damaged: "a column lacks its value")
        }
    }

    /// One of the values that a type knows.
    func known<Value: RawRepresentable<String>>(_ index: Int) throws -> Value {
        guard let value = Value(rawValue: try value(index)) else {
            throw DatabaseError(damaged: "a column has a value that no version knows")
        }
        return value
    }

    /// Its table takes any: a newer program may know more of them, and that is no damage.
    func auditAction(_ index: Int) throws -> AuditAction {
        let text: String = try value(index)
        guard let action = AuditAction(rawValue: text) else { throw UnreadableData("the action \(text) is not known") }
        return action
    }

    func bytes(_ index: Int) throws -> [UInt8] { [UInt8](try value(index) as Data) }
    func time(_ index: Int) throws -> Timestamp { Timestamp(microseconds: try value(index)) }
    func optionalTime(_ index: Int) throws -> Timestamp? {
        (try value(index) as Int64?).map { Timestamp(microseconds: $0) }
    }
    func storeID(_ index: Int) throws -> StoreID { StoreID(rawValue: try value(index)) }
    func productID(_ index: Int) throws -> ProductID { ProductID(rawValue: try value(index)) }
    func position(_ index: Int) throws -> Position { Position(rawValue: try value(index)) }

    func auditHash(_ index: Int) throws -> AuditHash {
        let bytes = try bytes(index)
        guard bytes.count == AuditHash.origin.bytes.count else { throw DatabaseError(damaged: "a hash is cut off") }
        return AuditHash(bytes: bytes)
    }
}

extension DatabaseError {
    /// - Parameter reason: What is wrong with the rows that SQLite's own structure does not show.
    init(damaged reason: String) {
        self.init(resultCode: .SQLITE_CORRUPT, message: reason)
    }
}
