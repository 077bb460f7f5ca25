/// What a statement returned: its rows, in binary, and how many it affected.
///
/// Valid as long as it is held, but like the ``Session`` it came from it stays on the connection's thread.
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

    /// The bytes of a value, valid while the rows are held; nil for NULL.
    func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? { result.value(row, column) }

    /// The type of a column. A column that does not exist is a mistake in the program, as is a type unknown here.
    func type(_ column: Int) -> OID {
        precondition(
            column >= 0 && column < result.columnCount,
            "\(statement) returned \(result.columnCount) columns, not column \(column)")
        let type = result.columnType(column)
        guard let known = OID(rawValue: type) else {
            preconditionFailure("\(label(column)) has a type that is not read here (OID \(type)): cast it in SQL")
        }
        return known
    }

    /// How a message names a column: `find_store: column 1 "name"`.
    func label(_ column: Int) -> String { "\(statement): column \(column) \"\(result.columnName(column))\"" }
}
