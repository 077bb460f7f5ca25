extension Result {
    /// Like `init(catching:)`, for an asynchronous body.
    public static func of(_ body: () async throws(Failure) -> Success) async -> Result {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
