import GRDB
import Inventory

/// What a transaction decided, and whether it wrote anything.
struct Written<Value: Sendable>: Sendable {
    let value: Value
    let isEmpty: Bool
}

/// Why a transaction was not carried out.
enum TransactionFailure: Error {
    /// The database refused it, and would again.
    case rejected(any Error)
    /// Another process kept the file locked.
    case busy(any Error)
    /// The disk is full or fails; nothing was written.
    case unavailable(any Error)
    /// The file is damaged; nothing was written, and nothing will be.
    case damaged(report: String)
    /// The commit failed where it can come back: see `DurableTransactions`.
    case outcomeUnknown(any Error)
    /// The ledger is in another place now: nothing is recorded here any more.
    case moved(LedgerDestination)
}

/// Runs write transactions, one after the other, until their outcome is certain.
///
/// A failure before the commit writes nothing. The commit itself first writes the transaction's pages to the write-ahead
/// log, the last of them marked as its end, then synchronises the log, and then tells readers:
///
/// - If it cannot get at the file (`SQLITE_BUSY`), or a page cannot be written (`SQLITE_FULL`, `SQLITE_IOERR_WRITE`), the
///   end is not in the log: nothing was committed.
/// - Anything later (`SQLITE_IOERR_FSYNC`, above all) leaves a whole transaction in the log that SQLite counts as rolled
///   back, and that comes back if the process ends before another transaction has taken its place. So the transaction
///   is run again, which overwrites the first attempt. Only if that fails for as long as patience lasts, the outcome is
///   unknown.
struct DurableTransactions: Sendable {
    let database: DatabasePool
    let condition: FileCondition
    let observer: any LedgerFileObserver
    /// How long to go on trying.
    let patience: Duration

    private static let pause: Duration = .milliseconds(100)

    /// - Parameter body: Reads, decides and writes, in a transaction that keeps out all other writers. Runs again on a
    ///   retry.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Written<Value>
    ) async throws(TransactionFailure) -> Value {
        let deadline = ContinuousClock.now + patience
        var uncertain: (any Error)?
        while true {
            do {
                if let damage = condition.damage { throw TransactionFailure.damaged(report: damage) }
                switch try await attempt(body) {
                case .certain(let value):
                    condition.succeeded()
                    return value
                case .uncertain(let error):
                    uncertain = error
                    observer.observe(.commitUncertain(error))
                }
            } catch {
                let failure = TransactionFailure(error)
                switch failure {
                case .unavailable: condition.failed(error)
                case .damaged(let report): _ = condition.damaged(report)
                case .moved: condition.moved()
                case .rejected, .busy, .outcomeUnknown: break
                }
                if uncertain == nil { throw failure }
            }
            if let uncertain, await !pause(until: deadline) {
                condition.failed(uncertain)
                throw .outcomeUnknown(uncertain)
            }
        }
    }

    /// - Returns: Whether there is time for another attempt.
    private func pause(until deadline: ContinuousClock.Instant) async -> Bool {
        guard ContinuousClock.now + Self.pause < deadline else { return false }
        return (try? await Task.sleep(for: Self.pause)) != nil
    }

    private enum Attempt<Value: Sendable>: Sendable {
        case certain(Value)
        case uncertain(any Error)
    }

    /// On the writer's own queue. Cancelling the caller changes nothing.
    private func attempt<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Written<Value>
    ) async throws -> Attempt<Value> {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncWriteWithoutTransaction { database in
                continuation.resume(with: Result { try Self.attempt(body, database) })
            }
        }
    }

    private static func attempt<Value: Sendable>(
        _ body: (Database) throws -> Written<Value>, _ database: Database
    ) throws -> Attempt<Value> {
        var isCommitting = false
        var value: Value?
        do {
            try database.inTransaction(.immediate) {
                if let destination = try LedgerDestination.find(in: database) {
                    throw TransactionFailure.moved(destination)
                }
                let written = try body(database)
                value = written.value
                guard !written.isEmpty else { return .rollback }
                isCommitting = true
                return .commit
            }
        } catch let error as DatabaseError where isCommitting && !error.isBeforeTheEnd {
            return .uncertain(error)
        }
        guard let value else { preconditionFailure("the transaction ran") }
        return .certain(value)
    }
}

extension DatabaseError {
    /// At a commit: whether the transaction's end did not get into the log.
    fileprivate var isBeforeTheEnd: Bool {
        resultCode == .SQLITE_BUSY || resultCode == .SQLITE_FULL || extendedResultCode == .SQLITE_IOERR_WRITE
    }

    /// Whether the connection was closed, or the file, the disk or the memory is to blame, not the statement.
    var isOfTheMachine: Bool {
        [
            .SQLITE_MISUSE, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM,
            .SQLITE_NOMEM,
        ]
        .contains(resultCode)
    }
}

extension TransactionFailure {
    fileprivate init(_ error: any Error) {
        switch error {
        case let failure as TransactionFailure: self = failure
        case let error as DatabaseError where error.isDamage: self = .damaged(report: error.reason)
        case let error as DatabaseError where error.resultCode == .SQLITE_BUSY: self = .busy(error)
        case let error as DatabaseError where error.isOfTheMachine: self = .unavailable(error)
        default: self = .rejected(error)
        }
    }
}

extension LedgerError {
    init(_ failure: TransactionFailure, _ observer: any LedgerFileObserver) {
        switch failure {
        case .rejected(let error):
            observer.observe(.commit(.rejected(error)))
            self = .internalFailure
        case .busy(let error):
            observer.observe(.writeFailed(error))
            self = .overloaded
        case .unavailable(let error):
            observer.observe(.writeFailed(error))
            self = .unavailable
        case .damaged(let report):
            self = .damaged(report: report)
        case .outcomeUnknown(let error):
            observer.observe(.outcomeUnknown(error))
            self = .outcomeUnknown
        case .moved(let destination):
            self = .moved(to: destination.name)
        }
    }
}
