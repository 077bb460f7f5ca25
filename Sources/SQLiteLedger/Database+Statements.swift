import Foundation
package import GRDB
package import Inventory

/// A value of a statement's parameter, in order.
typealias Parameter = any DatabaseValueConvertible

/// A text with a zero byte, at which SQLite would truncate it.
struct UnstorableText: Error {}

extension Database {
    /// Runs a statement, prepared once per connection.
    func run(_ sql: String, _ parameters: Parameter?...) throws {
        try cachedStatement(sql: sql).execute(arguments: try Self.arguments(parameters))
    }

    /// The rows of a query, prepared once per connection.
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
    /// Called for every text written, so it checks the bytes in memory.
    fileprivate var hasZeroByte: Bool {
        utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? utf8.contains(0)
    }
}

/// Values that the table's constraints guarantee: anything else is damage.
extension Row: LedgerRow {
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) throws -> Value {
        do {
            return try decode(atIndex: index)
        } catch {
            throw DatabaseError(damaged: "a column lacks its value")
        }
    }

    package func int64(_ index: Int) throws -> Int64 { try value(index) }
    package func text(_ index: Int) throws -> String { try value(index) }
    package func optionalText(_ index: Int) throws -> String? { try value(index) }
    package func moment(_ index: Int) throws -> Timestamp { try time(index) }
    package func optionalMoment(_ index: Int) throws -> Timestamp? { try optionalTime(index) }

    package func known<Value: RawRepresentable<String>>(_ index: Int) throws -> Value {
        guard let value = Value(rawValue: try value(index)) else {
            throw DatabaseError(damaged: "a column has a value that no version knows")
        }
        return value
    }

    func bytes(_ index: Int) throws -> [UInt8] { [UInt8](try value(index) as Data) }
    func time(_ index: Int) throws -> Timestamp { Timestamp(microseconds: try value(index)) }
    func optionalTime(_ index: Int) throws -> Timestamp? {
        (try value(index) as Int64?).map { Timestamp(microseconds: $0) }
    }

    package func auditHash(_ index: Int) throws -> AuditHash {
        let bytes = try bytes(index)
        guard bytes.count == AuditHash.origin.bytes.count else { throw DatabaseError(damaged: "a hash is cut off") }
        return AuditHash(bytes: bytes)
    }
}

extension DatabaseError {
    /// - Parameter reason: The defect of the rows, which SQLite itself does not detect.
    init(damaged reason: String) {
        self.init(resultCode: .SQLITE_CORRUPT, message: reason)
    }
}
