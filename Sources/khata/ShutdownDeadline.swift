import Dispatch
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Ends the process if its services do not end in time, because a database hangs, or if Ctrl-C is pressed again. Requests
/// without a response may have been committed or not, as after a crash.
///
/// Has to be the last of the services, which is the first that is told to stop.
struct ShutdownDeadline: Service {
    let limit: Duration
    let manager: ServiceManager?
    let log: LogWriter
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        await manager?.tell("STOPPING=1")
        logger.notice("shutting down: accepted requests are finished; SIGINT (Ctrl-C) again ends it at once")
        let interrupts = await UnixSignalsSequence(trapping: .sigint)
        Task {
            for await _ in interrupts { end("the shutdown was interrupted", status: 128 + SIGINT) }
        }
        // Not a task: the threads of tasks may hang too.
        DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) {
            end("the shutdown takes longer than \(limit.components.seconds) seconds", status: 1)
        }
    }

    private func end(_ reason: String, status: CInt) -> Never {
        logger.critical("\(reason): what is not finished is cut off")
        log.flush()
        _exit(status)
    }
}
