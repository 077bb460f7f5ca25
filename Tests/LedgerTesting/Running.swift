public import ServiceLifecycle

/// Runs services while `body` uses them, and stops them in order.
public func running<T: Sendable>(_ services: [any Service], _ body: () async throws -> T) async throws -> T {
    let group = ServiceGroup(services: services, logger: TestDatabase.quiet)
    return try await running(group, body)
}

/// Runs a group of services, which `body` may stop by itself.
public func running<T: Sendable>(_ services: ServiceGroup, _ body: () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await services.run() }
        let result: Result<T, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return try result.get()
    }
}
