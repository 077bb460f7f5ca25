import Dispatch
import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends the process when its services do not end: a database that hangs is not waited for, nor is anything by whoever
/// presses Ctrl-C twice. What was not answered by then may have been committed or not, as after a crash.
///
/// It is the last of the services, so the first that is told to stop.
struct ShutdownDeadline: Service {
    let limit: Duration
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        logger.notice("shutting down: accepted requests are finished; SIGINT (Ctrl-C) again ends it at once")
        let interrupts = await UnixSignalsSequence(trapping: .sigint)
        Task {
            for await _ in interrupts { end("the shutdown was interrupted", status: 128 + SIGINT) }
        }
        // Not a task, whose thread might hang, too.
        DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) {
            end("the shutdown takes longer than \(limit.components.seconds) seconds", status: 1)
        }
    }

    private func end(_ reason: String, status: CInt) -> Never {
        logger.critical("\(reason): what is not finished is cut off")
        _exit(status)
    }
}
