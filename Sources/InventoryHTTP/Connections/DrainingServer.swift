import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Whether the API has stopped accepting connections, so that readiness fails on the operator's port meanwhile.
final class DrainingFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

/// On graceful shutdown lets the server finish the requests that it has received, and cuts off the clients that are left
/// after a deadline.
struct DrainingServer: Service {
    let server: any Service
    let connections: ConnectionWatches
    let deadline: Duration
    /// Called when the shutdown begins.
    let onDraining: @Sendable () -> Void
    let logger: Logger

    /// - Throws: Also `ConnectionsCutOff`.
    func run() async throws {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await server.run()
                return nil
            }
            group.addTask {
                try await gracefulShutdown()
                onDraining()
                connections.drain()
                try await Task.sleep(for: deadline)
                return try await cutOff()
            }
            var count = 0
            while let cutOff = try await group.next() {
                guard let cutOff else { break }
                count = cutOff
            }
            group.cancelAll()
            if count > 0 { throw ConnectionsCutOff(count: count) }
        }
    }

    private func cutOff() async throws -> Int {
        let count = try await connections.cutOff()
        if count > 0 {
            logger.error(
                "connections are cut off: their requests were not finished in time",
                metadata: ["connections": "\(count)", "seconds": "\(deadline.components.seconds)"])
        }
        return count
    }
}

/// The clients do not know the outcome of their requests.
struct ConnectionsCutOff: Error, CustomStringConvertible {
    let count: Int

    var description: String { "not all requests were finished before the shutdown; connections cut off: \(count)" }
}
