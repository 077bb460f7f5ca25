internal import CLibPQ

/// Owns a `PGresult`, which is immutable once libpq has created it.
final class ServerResult {
    private let result: OpaquePointer

    init(owning result: OpaquePointer) {
        self.result = result
    }

    deinit { PQclear(result) }

    /// Its meaning in a pipeline.
    /// - Throws: If it is the end of the connection, or a COPY, which is not supported.
    func reply() throws(PostgresError) -> Pipeline.Reply {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return .success
        case PGRES_PIPELINE_ABORTED: return .skipped
        case PGRES_PIPELINE_SYNC: return .synced
        case PGRES_FATAL_ERROR:
            let severity = Self.field(.severity, of: result)
            // Without a severity it is from libpq: the connection was lost.
            guard severity == "ERROR" else { throw refusal }
            return .refusal
        default: throw PostgresError(.connection, "COPY is not supported")
        }
    }

    /// Its error.
    var refusal: PostgresError {
        guard let sqlState = Self.field(.sqlState, of: result) else {
            return PostgresError(.connection, String(cString: PQresultErrorMessage(result)).singleLine)
        }
        var error = PostgresError(
            .server(sqlState: sqlState), Self.field(.message, of: result) ?? "")
        error.detail = Self.field(.detail, of: result)
        error.hint = Self.field(.hint, of: result)
        error.table = Self.field(.table, of: result)
        error.constraint = Self.field(.constraint, of: result)
        return error
    }

    /// The fields of an error or a notice. libpq's names for them (`PG_DIAG_…`) are macros that Swift does not import.
    enum Field: Character {
        case severity = "V"
        case sqlState = "C"
        case message = "M"
        case detail = "D"
        case hint = "H"
        case table = "t"
        case constraint = "n"
    }

    static func field(_ field: Field, of result: OpaquePointer) -> String? {
        let code = field.rawValue.asciiValue.map(Int32.init) ?? 0
        return PQresultErrorField(result, code).map { String(cString: $0) }
    }

    // MARK: Rows

    /// The server's command tag: `INSERT 0 1`, `ROLLBACK`.
    var commandTag: String { String(cString: PQcmdStatus(result)) }
    var affectedCount: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }
    var rowCount: Int { Int(PQntuples(result)) }
    var columnCount: Int { Int(PQnfields(result)) }

    func columnType(_ column: Int) -> UInt32 { PQftype(result, Int32(column)) }
    func columnName(_ column: Int) -> String { String(cString: PQfname(result, Int32(column))) }

    /// The bytes of a value, valid while this exists; nil for NULL.
    func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(result, row, column) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
    }
}
