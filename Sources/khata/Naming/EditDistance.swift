/// The edit distance of two texts: insertions, deletions, substitutions, and transpositions of neighbours. Source: the
/// optimal string alignment distance, after F. J. Damerau, "A technique for computer detection and correction of
/// spelling errors", CACM 7(3), 1964.
/// - Returns: `nil` if it is more than `limit`.
func editDistance(_ one: [Character], _ other: [Character], atMost limit: Int) -> Int? {
    guard abs(one.count - other.count) <= limit else { return nil }
    var beforeLast: [Int] = []
    var last = Array(0...other.count)
    for (row, character) in one.enumerated() {
        var current = [row + 1]
        current.reserveCapacity(other.count + 1)
        for column in other.indices {
            var edits = min(last[column + 1], current[column]) + 1
            edits = min(edits, last[column] + (character == other[column] ? 0 : 1))
            if row > 0, column > 0, character == other[column - 1], one[row - 1] == other[column] {
                edits = min(edits, beforeLast[column - 1] + 1)
            }
            current.append(edits)
        }
        guard current.contains(where: { $0 <= limit }) else { return nil }
        (beforeLast, last) = (last, current)
    }
    return last[other.count] <= limit ? last[other.count] : nil
}
