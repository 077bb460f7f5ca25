/// Waits until something is so.
/// - Throws: What is not, and where that was asked, if it is not within the limit.
public func eventually(
    _ what: String = "it is so", within limit: Duration = .seconds(120), fileID: String = #fileID, line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw NotInTime(description: "\(fileID):\(line): not within \(limit): \(what)")
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

private struct NotInTime: Error, CustomStringConvertible {
    let description: String
}
