import Basics
import GRDB
public import Inventory
public import ServiceLifecycle
import Synchronization

/// How much a ledger in a file does at once, and how much may wait for it.
public struct LedgerFileLimits: Sendable {
    public var write = WriteLimits()
    /// Reads that run side by side.
    public var readers = 4
    /// Reads that wait for one of them; more are refused as overload.
    public var waitingReads = 1_000
    /// How long a transaction waits for another process's; then it is refused as overload.
    public var lockTimeout: Duration = .seconds(5)
    /// How long a commit that failed halfway is tried again, before its outcome is said to be unknown.
    public var commitPatience: Duration = .seconds(3)
    /// A file of at most so many bytes is read whole and checked whenever it is opened: that takes no time.
    public var smallFileBytes = 8 << 20

    public init() {}
}

/// The ledger in one file of SQLite, for a shop without servers: one transaction at a time writes, and any number read
/// what was committed when they began.
///
/// Several processes may use one file. Runs as a service; on graceful shutdown it commits what was accepted, takes
/// nothing more, and leaves the file whole, without a log beside it.
public struct SQLiteLedger: Service {
    /// What may be done to the file before it is used.
    public enum Opening: Sendable {
        /// It is created if it is missing, and its schema brought up to this program's version.
        case upToDate
        /// It has to exist at this program's version.
        case asItIs
    }

    /// Another one each time that the file is opened: what was served before may have been another copy of it.
    let history = History(.randomID())
    let reader: SnapshotReader
    let condition: FileCondition
    let transactions: DurableTransactions
    let observer: any LedgerFileObserver
    let database: DatabasePool
    /// For changes to the catalog and to credentials that wait for their turn.
    let changes: ConcurrencyLimit
    private let movements: GroupCommitter<MovementBatches>

    /// Opens a file, having checked that it is a ledger. A large one may be damaged all the same: see `check()`.
    /// - Throws: `LedgerFileError`; then the file is as it was.
    public static func open(
        _ path: String, _ opening: Opening, limits: LedgerFileLimits = LedgerFileLimits(),
        observer: any LedgerFileObserver
    ) async throws -> SQLiteLedger {
        let file = LedgerFile(path: path)
        let database = try await onBlockingThread { try file.open(opening, limits) }
        return SQLiteLedger(database, limits: limits, observer: observer)
    }

    private init(_ database: DatabasePool, limits: LedgerFileLimits, observer: any LedgerFileObserver) {
        self.database = database
        self.observer = observer
        changes = ConcurrencyLimit(limits.write.catalogChangesWaiting)
        condition = FileCondition(observer: observer)
        transactions = DurableTransactions(
            database: database, condition: condition, observer: observer, patience: limits.commitPatience)
        movements = GroupCommitter(
            MovementBatches(transactions: transactions, history: history, observer: observer), limits.write)
        reader = SnapshotReader(
            database: database, history: history, slots: ConcurrencyLimit(limits.readers + limits.waitingReads),
            condition: condition, observer: observer)
    }

    public func run() async {
        await withTaskGroup { group in
            group.addTask { await movements.run() }
            group.addTask { await expiredRecords.run() }
            await withGracefulShutdownHandler {
                await group.waitForAll()
            } onGracefulShutdown: {
                movements.close()
            }
        }
        await close()
    }

    var expiredRecords: ExpiredRecords { ExpiredRecords(transactions: transactions, observer: observer) }

    /// Readers first: the last connection to leave moves what is in the log to the file itself and removes the log, if it
    /// is one that may write.
    private func close() async {
        do {
            try await onBlockingThread {
                database.releaseMemory()
                try database.close()
            }
        } catch {
            observer.observe(.closingFailed(error))
        }
    }
}

extension SQLiteLedger: StockWriting {
    public func record(
        _ movement: Movement, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedMovement> {
        try await movements.submit(MovementCommand(.movement(movement), context)).movementReceipt()
    }

    public func record(
        _ transfer: Transfer, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedTransfer> {
        try await movements.submit(MovementCommand(.transfer(transfer), context)).transferReceipt()
    }

    public func record(
        _ batch: Batch, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedBatch> {
        try await movements.submit(MovementCommand(.batch(batch), context)).batchReceipt()
    }

    public func replay(of key: IdempotencyKey) async throws(LedgerError) -> Decision.Answer? {
        let answer = try await movements.submit(.replay(of: key))
        return answer.isReplay ? answer : nil
    }

    public func change(
        _ change: CatalogChange, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        guard changes.take() else { throw .overloaded }
        defer { changes.release() }
        let transaction = CatalogTransaction(command: CatalogCommand(change, context), history: history)
        do {
            return try await transactions.run { database in try transaction.execute(database) }.get()
        } catch let failure as TransactionFailure {
            throw LedgerError(failure, observer)
        } catch let refusal as Refusal {
            throw .refused(refusal)
        } catch {
            throw .internalFailure
        }
    }
}

extension SQLiteLedger {
    /// The version of the schema that this program writes.
    public static var schemaVersion: Int { Migration.newest }
}
