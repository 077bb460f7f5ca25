import Basics
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs services while `body` uses them. SIGINT and SIGTERM cancel `body`.
func interruptible<T: Sendable>(
    _ services: [any Service], _ logger: Logger, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    let work = Work(body)
    let group = ServiceGroup(
        configuration: .init(
            services: services.map { .init(service: $0) }
                + [.init(service: work, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
    return try work.value()
}

/// A service that ends the whole group when it finishes.
private final class Work<T: Sendable>: Service {
    private let body: @Sendable () async throws -> T
    private let result = Mutex<Result<T, any Error>?>(nil)

    init(_ body: @escaping @Sendable () async throws -> T) {
        self.body = body
    }

    func run() async {
        let result = await Result.of { try await cancelWhenGracefulShutdown(body) }
        self.result.withLock { $0 = result }
    }

    func value() throws -> T {
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

/// Runs a service until `body` is done.
func running<T: Sendable>(
    _ service: any Service, _ logger: Logger, _ body: @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup { group in
        let services = ServiceGroup(services: [service], logger: logger)
        group.addTask { try await services.run() }
        let result = await Result.of(body)
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
        return try result.get()
    }
}

/// Runs `body`, then closes what it uses, also if it throws.
func closing<T>(_ close: () async -> Void, _ body: () async throws -> T) async throws -> T {
    let result = await Result.of(body)
    await close()
    return try result.get()
}
