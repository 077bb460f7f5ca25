import GRDB
import Inventory

/// The decision of a transaction, and whether it wrote anything.
struct Written<Value: Sendable>: Sendable {
    let value: Value
    let isEmpty: Bool
}

/// Why a transaction failed.
enum TransactionFailure: Error {
    /// The database refused it, and would do so again.
    case rejected(any Error)
    /// Another process locked the file for too long.
    case busy(any Error)
    /// The disk is full or fails; nothing was written.
    case unavailable(any Error)
    /// The file is damaged; nothing was or will be written.
    case damaged(report: String)
    /// The commit failed, but may reappear: see `DurableTransactions`.
    case outcomeUnknown(any Error)
    /// The ledger was moved: nothing is recorded in this file any more.
    case moved(LedgerDestination)
}

/// Runs write transactions, one after the other, until their outcome is certain.
///
/// A failure before the commit writes nothing. The commit writes the transaction's pages to the write-ahead log, the
/// last of them with a commit mark, then synchronises the log, and then makes it visible to readers:
///
/// - If the file is locked (`SQLITE_BUSY`), or a page cannot be written (`SQLITE_FULL`, `SQLITE_IOERR_WRITE`), the
///   commit mark is not in the log: nothing was committed.
/// - A later failure (above all `SQLITE_IOERR_FSYNC`) leaves a whole transaction in the log that SQLite considers
///   rolled back, but that reappears if the process ends before another transaction overwrites it. So the transaction
///   is run again, which overwrites the first attempt. Only if that fails until the time limit is the outcome unknown.
struct DurableTransactions: Sendable {
    let database: DatabasePool
    let file: OpenedFile
    let condition: FileCondition
    let observer: any LedgerFileObserver
    /// How long to retry.
    let timeout: Duration

    private static let pause: Duration = .milliseconds(100)

    /// - Parameter body: Reads, decides and writes, in a transaction that excludes all other writers. Runs again on a
    ///   retry.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Written<Value>
    ) async throws(TransactionFailure) -> Value {
        let deadline = ContinuousClock.now + timeout
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

    /// Runs on the writer's queue. Cancelling the caller has no effect.
    private func attempt<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Written<Value>
    ) async throws -> Attempt<Value> {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncWriteWithoutTransaction { database in
                continuation.resume(
                    with: Result {
                        // What is committed after that is kept, too: see `OpenedFile.close`.
                        guard file.isInPlace else { throw FileDisplaced() }
                        return try Self.attempt(body, database)
                    })
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
        } catch let error as DatabaseError where isCommitting && !error.provesNoCommit {
            return .uncertain(error)
        }
        guard let value else { preconditionFailure("the transaction ran") }
        return .certain(value)
    }
}

extension DatabaseError {
    /// At a commit: whether the commit mark is certainly not in the log.
    fileprivate var provesNoCommit: Bool {
        resultCode == .SQLITE_BUSY || resultCode == .SQLITE_FULL || extendedResultCode == .SQLITE_IOERR_WRITE
    }

    /// Whether the cause is a closed connection, the file, the disk or memory, not the statement.
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
        case let error as FileDisplaced: self = .unavailable(error)
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
