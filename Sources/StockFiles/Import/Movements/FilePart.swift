/// Rows of a file that follow one another and are written together. A transfer stands between two parts.
///
/// What is a part depends on the file alone, not on which of its rows are refused: each is known by its first line, and is
/// the same part when the file is imported again, in whatever way.
struct FilePart {
    private static let maximumRows = 1_000
    /// Of what the rows say, so that a batch of them is no longer than what a server takes.
    private static let maximumBytes = 262_144

    /// Of the first row, whether or not it is refused.
    private(set) var line: Int?
    /// With the rows that are refused.
    private(set) var count = 0
    private var bytes = 0

    var isFull: Bool { count == Self.maximumRows || bytes >= Self.maximumBytes }

    mutating func add(_ row: Row) {
        line = line ?? row.record.line
        count += 1
        bytes += row.record.fields.reduce(0) { $0 + $1.utf8.count }
    }
}
