/// Consecutive rows of a file that are written together. A transfer is between two parts.
///
/// Parts depend only on the file, not on which rows are refused: each is identified by its first line, and is the same
/// when the file is imported again, by whichever route.
struct FilePart {
    private static let maximumRows = 1_000
    /// The size of the rows, so that a batch of them is not too long for a server.
    private static let maximumBytes = 262_144

    /// The line of the first row, refused or not.
    private(set) var line: Int?
    /// Including refused rows.
    private(set) var count = 0
    private var bytes = 0

    var isFull: Bool { count == Self.maximumRows || bytes >= Self.maximumBytes }

    mutating func add(_ row: ImportRow) {
        line = line ?? row.record.line
        count += 1
        bytes += row.record.fields.reduce(0) { $0 + $1.utf8.count }
    }
}
