/// The result of a statement: its rows, in binary, and the number of affected rows.
///
/// Valid as long as it is retained, but, like its ``Session``, only on the connection's thread.
public struct Rows: RandomAccessCollection {
    private let result: ServerResult
    private let statement: String
    public let count: Int

    init(_ result: ServerResult, of statement: String) {
        self.result = result
        self.statement = statement
        count = result.rowCount
    }

    /// How many rows an INSERT, UPDATE, DELETE or MERGE touched, or a SELECT returned; 0 for everything else.
    public var affectedCount: Int { result.affectedCount }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> Row {
        precondition(position >= 0 && position < count, "\(statement) returned \(count) rows, not row \(position)")
        return Row(rows: self, index: position)
    }

    /// The bytes of a value, valid while the rows are retained; nil for NULL.
    func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? { result.value(row, column) }

    /// The single row of a statement; the first, if there are several.
    /// - Throws: ``PostgresError`` of kind `unreadable`, if there is none.
    public func one() throws(PostgresError) -> Row {
        guard let row = first else { throw PostgresError(.unreadable, "\(statement) returned no row") }
        return row
    }

    /// The type of a column.
    /// - Throws: `.unreadable`, if there is no such column, or its type is not supported.
    func type(_ column: Int) throws(PostgresError) -> OID {
        guard column >= 0 && column < result.columnCount else {
            throw PostgresError(
                .unreadable, "\(statement) returned \(result.columnCount) columns, not column \(column)")
        }
        let type = result.columnType(column)
        guard let known = OID(rawValue: type) else {
            throw unreadable(column, "has a type that is not read here (OID \(type)): cast it in SQL")
        }
        return known
    }

    /// - Parameter what: The problem with the column.
    func unreadable(_ column: Int, _ what: String) -> PostgresError {
        // Such as `find_store: column 1 "name"`.
        PostgresError(.unreadable, "\(statement): column \(column) \"\(result.columnName(column))\" \(what)")
    }
}
