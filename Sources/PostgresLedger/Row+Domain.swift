package import Inventory
package import Postgres

extension Row: LedgerRow {
    package func moment(_ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(microseconds: try timestamp(column))
    }

    package func optionalMoment(_ column: Int) throws(PostgresError) -> Timestamp? {
        try optionalTimestamp(column).map { Timestamp(microseconds: $0) }
    }

    /// - Throws: `UnreadableData` for an unknown value, which a newer version may have written.
    package func known<Value: RawRepresentable<String>>(_ column: Int) throws -> Value {
        let text = try text(column)
        guard let value = Value(rawValue: text) else { throw UnreadableData("\(text) is no \(Value.self)") }
        return value
    }

    package func auditHash(_ column: Int) throws -> AuditHash {
        let bytes = try bytes(column)
        guard bytes.count == AuditHash.origin.bytes.count else {
            throw UnreadableData("a hash of \(bytes.count) bytes")
        }
        return AuditHash(bytes: bytes)
    }
}
