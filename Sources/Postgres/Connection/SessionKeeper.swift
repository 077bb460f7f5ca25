internal import Basics
internal import Logging

/// Manages a connection's session: opens it when needed, checks whether it is alive, cleans up after each job.
///
/// `@unchecked Sendable`: a connection's thread owns it. Nothing else touches it after it was made.
final class SessionKeeper: @unchecked Sendable {
    private let configuration: ConnectionConfiguration
    private let logger: Logger
    private var session: Session?
    private var backoff = Backoff(from: .milliseconds(50), upTo: .seconds(1))
    private var lastFailure: (error: PostgresError, retryAt: ContinuousClock.Instant)?
    private var isClosed = false

    init(_ configuration: ConnectionConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    var isConnected: Bool { session != nil }

    func run<T>(_ body: (Session) throws -> T) throws -> T {
        let session = try usableSession()
        defer { settle(session) }
        return try body(session)
    }

    func close() {
        isClosed = true
        session = nil
    }

    private func usableSession() throws(PostgresError) -> Session {
        if isClosed { throw .closed }
        if configuration.isSilent?() ?? false { throw .silent }
        if let session, session.isUsable { return session }
        session = nil
        if let lastFailure, .now < lastFailure.retryAt { throw lastFailure.error }
        do throws(PostgresError) {
            let opened = try Session(configuration, logger: logger)
            opened.label = try configuration.onConnect?(opened)
            backoff.reset()
            lastFailure = nil
            session = opened
            return opened
        } catch {
            var error = error
            // The job has not begun.
            error.outcome = .notApplied
            lastFailure = (error, .now + backoff.delay())
            logger.warning("cannot connect", metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func settle(_ session: Session) {
        if session.rollBack() { logger.debug("rolled back a transaction that was left open") }
        if session.transactionStatus != .idle { self.session = nil }
    }
}

extension PostgresError {
    static let closed = PostgresError(.closed, "the connection is closed")
    static let silent = PostgresError(.timeout, "the server did not answer in time")
}
