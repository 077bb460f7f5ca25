import Basics
import Inventory
import Postgres

/// A transaction's writes, and the value to return once they are committed.
struct PreparedTransaction<Value: Sendable>: Sendable {
    let value: Value
    let writes: [Query]
    /// Proves afterwards whether the transaction was committed; `nil` if it writes no entry. Without one, it is idempotent:
    /// run again, it finds what it wrote.
    let proof: CommitProof?
}

/// What was decided, and the current cache as read in the transaction.
struct Decided<Value: Sendable>: Sendable {
    let value: Value
    let cache: CacheState
}

/// An audit entry that a transaction writes. Its hash covers everything before it in its ledger, the time and the
/// request, so the entry is at this position if and only if this very transaction was committed.
struct CommitProof: Sendable {
    let storeID: StoreID
    let position: Position
    let hash: AuditHash

    var entry: EntryKey { EntryKey(storeID: storeID, position: position) }
}

extension CommitProof {
    init(_ entry: AuditEntry) {
        self.init(storeID: entry.storeID, position: entry.position, hash: entry.hash)
    }
}

/// Why a transaction failed.
enum TransactionFailure: Error {
    /// The database rejected it, or holds unreadable data; a retry would fail too.
    case rejected(any Error)
    case overloaded
    case unavailable(PostgresError)
    /// The connection was lost during the commit, and its outcome could not be determined in time.
    case outcomeUnknown(PostgresError)
}

/// Runs transactions of two round trips (read under locks, then write and commit) until their outcome is certain.
///
/// A transaction that failed and was certainly not committed is retried, if that may help. If the connection is lost
/// during the commit, the ledger itself shows whether the commit took place.
struct DurableTransactions: Sendable {
    let connections: Pool
    let observer: any LedgerObserver
    /// How long to retry.
    let timeout: Duration

    /// - Parameter prepare: Begins the transaction, takes its locks and decides what it writes. Runs again on a retry.
    func run<Value: Sendable>(
        _ prepare: @escaping @Sendable (Session) throws -> PreparedTransaction<Value>
    ) async throws(TransactionFailure) -> Value {
        var retry = Retries(timeout: timeout)
        while true {
            do {
                switch try await connections.run({ session in try Self.attempt(prepare, session) }) {
                case .certain(let value):
                    return value
                case .uncertain(let value, let proof, let error):
                    observer.observe(.commitUncertain(error))
                    if let proof, try await wasCommitted(proof, lost: error) { return value }
                    guard await retry.pause() else { throw TransactionFailure.unavailable(error) }
                }
            } catch let failure as TransactionFailure {
                throw failure
            } catch {
                let failure = TransactionFailure(error)
                guard error.isWorthRetrying, await retry.pause() else { throw failure }
                observer.observe(.transactionRetried(error))
            }
        }
    }

    private enum Attempt<Value: Sendable> {
        case certain(Value)
        case uncertain(Value, CommitProof?, PostgresError)
    }

    private static func attempt<Value: Sendable>(
        _ prepare: (Session) throws -> PreparedTransaction<Value>, _ session: Session
    ) throws -> Attempt<Value> {
        let prepared = try prepare(session)
        guard !prepared.writes.isEmpty else {
            _ = try session.execute(.rollback)
            return .certain(prepared.value)
        }
        do {
            _ = try session.pipeline(prepared.writes + [Query(.commit)])
            return .certain(prepared.value)
        } catch  where error.outcome == .unknown {
            return .uncertain(prepared.value, prepared.proof, error)
        }
    }

    /// Checks under the store's lock, which the lost transaction holds until it ends. The lock is in the WAL, so committing
    /// it waits until a synchronous standby has what came before, as a rollback does not: after a crash of the primary, its
    /// ledger may have a commit that no standby has.
    private func wasCommitted(_ proof: CommitProof, lost: PostgresError) async throws(TransactionFailure) -> Bool {
        var retry = Retries(timeout: timeout)
        while true {
            do {
                return try await connections.run { session in
                    let results = try session.pipeline([
                        Query(.begin),
                        Query(Self.lockStore, .int64(proof.storeID.rawValue)),
                        Query(Self.hashAt, .int64(proof.storeID.rawValue), .int64(proof.position.rawValue)),
                        Query(.commit),
                    ])
                    return try results[2].first?.bytes(0) == proof.hash.bytes
                }
            } catch {
                guard await retry.pause() else { throw .outcomeUnknown(lost) }
            }
        }
    }

    private static let lockStore = Statement(
        "proof.lock", "select from stores where store_id = $1::bigint for no key update")
    private static let hashAt = Statement(
        "proof.hash", "select hash from audit_log where store_id = $1::bigint and position = $2::bigint")
}

extension TransactionFailure {
    fileprivate init(_ error: any Error) {
        guard let error = error as? PostgresError else {
            self = .rejected(error)
            return
        }
        self =
            switch error.kind {
            case .exhausted: .overloaded
            case .closed, .connection, .timeout: .unavailable(error)
            case .unreadable: .rejected(error)
            case .server(let sqlState):
                switch sqlState {
                case SQLState.queryCanceled, SQLState.lockNotAvailable: .overloaded
                case SQLState.readOnlyTransaction: .unavailable(error)
                case _ where error.isRetryable || error.isOfResources: .unavailable(error)
                default: .rejected(error)
                }
            }
    }
}

extension LedgerError {
    init(_ failure: TransactionFailure, _ observer: any LedgerObserver) {
        switch failure {
        case .rejected(let error):
            observer.observe(.commit(.rejected(error), lane: nil))
            self = .internalFailure
        case .overloaded:
            self = .overloaded
        case .unavailable(let error):
            observer.observe(.primaryUnavailable(error))
            self = .unavailable
        case .outcomeUnknown(let error):
            observer.observe(.outcomeUnknown(error))
            self = .outcomeUnknown
        }
    }
}

extension Error {
    fileprivate var isWorthRetrying: Bool {
        guard let error = self as? PostgresError else { return false }
        // Transactions of two stores used the same new idempotency key: the retry finds the first one's record.
        let isKeyConflict = error.sqlState == SQLState.uniqueViolation && error.table == "idempotency"
        // The former primary is a standby now; libpq finds the new one when it reconnects.
        let isDemoted = error.sqlState == SQLState.readOnlyTransaction
        return error.isRetryable || isKeyConflict || isDemoted
    }
}

/// Growing pauses between attempts, until a deadline.
private struct Retries {
    private let deadline: ContinuousClock.Instant
    private var backoff = Backoff(from: .milliseconds(5), upTo: .milliseconds(250))

    init(timeout: Duration) {
        deadline = .now + timeout
    }

    /// - Returns: Whether there is time for another attempt.
    mutating func pause() async -> Bool {
        let pause = backoff.delay()
        guard .now + pause < deadline else { return false }
        return (try? await Task.sleep(for: pause)) != nil
    }
}
