import Access
import CLibPQ

@testable import Inventory
@testable import Postgres

extension FuzzTarget {
    /// A value of a row in PostgreSQL's binary format, read as each type: the first byte is its length, or NULL.
    static let values = FuzzTarget("values") { bytes in
        for type in [OID.bool, .bytea, .int8, .int2, .int4, .text, .timestamptz, .textArray, .int8Array] {
            guard let result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { return }
            let rows = Rows(try row(bytes, type, result), of: "fuzz")
            let row = try rows.one()
            _ = try? row.optionalInt64(0)
            _ = try? row.optionalText(0)
            _ = try? row.optionalBytes(0)
            _ = try? row.optionalBool(0)
            _ = try? row.optionalTimestamp(0)
            _ = try? row.optionalInt64s(0)
            _ = try? row.texts(0)
        }
    }

    private static func row(_ bytes: [UInt8], _ type: OID, _ result: OpaquePointer) throws -> ServerResult {
        var name = Array("value".utf8CString)
        var value = bytes.map(CChar.init(bitPattern:)) + [0]
        let isSet = name.withUnsafeMutableBufferPointer { name in
            var column = PGresAttDesc()
            (column.name, column.typid, column.format) = (name.baseAddress, type.rawValue, 1)
            return PQsetResultAttrs(result, 1, &column) == 1
                && PQsetvalue(result, 0, 0, &value, CInt(bytes.count)) == 1
        }
        guard isSet else { throw Defect("libpq refuses the value") }
        return ServerResult(owning: result)
    }

    /// Texts of the database that have a format of their own: outcomes of commands, details of the audit log, hashes of
    /// passwords.
    static let stored = FuzzTarget(
        "stored",
        text: { text in
            if let outcome = try? Outcome(json: text) {
                let again = try? Outcome(json: outcome.json())
                try require(again == outcome, "it is another outcome")
            }
            if let hash = PasswordHash(text) { try require(hash.description == text, "it is another hash") }
            for action in AuditAction.allCases.map(\.rawValue) + ["unknown"] {
                let entry = AuditEntry(
                    storeID: .catalog, position: Position(rawValue: 1), recordedAt: Timestamp(microseconds: 0),
                    actor: "a", actionName: action, requestID: "r", detail: text, hash: .origin)
                var catalog = DerivedCatalog()
                try? catalog.apply(entry)
                _ = entry.subject
            }
        })
}
