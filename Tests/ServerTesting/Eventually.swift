/// Waits until something is so.
/// - Throws: what is not, if it is not within a limit.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotInTime(description: "not within \(limit): \(what)") }
        await Task.yield()
    }
}

private struct NotInTime: Error, CustomStringConvertible {
    let description: String
}
