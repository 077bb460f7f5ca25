import Basics
import GRDB
public import Inventory
public import ServiceLifecycle
import Synchronization
public import Tracing

/// Concurrency and queue limits of a ledger in a file.
public struct LedgerFileLimits: Sendable {
    public var write = WriteLimits()
    /// Concurrent reads.
    public var readers = 4
    /// Waiting reads; more are refused as overloaded.
    public var waitingReads = 1_000
    /// How long a transaction waits for another process's; then it is refused as overloaded.
    public var lockTimeout: Duration = .seconds(5)
    /// How long a commit that failed halfway is retried before its outcome is reported as unknown.
    public var commitTimeout: Duration = .seconds(3)
    /// Files up to this size, in bytes, are read whole and checked whenever they are opened, which takes little time.
    public var smallFileBytes = 8 << 20

    public init() {}
}

/// A ledger in one SQLite file, for a shop without servers: one write transaction at a time, and any number of
/// concurrent snapshot reads.
///
/// Several processes may use one file. Runs as a service; on graceful shutdown it commits accepted commands, refuses
/// new ones, and leaves a single file without a log.
public struct SQLiteLedger: Service {
    /// How to open the file.
    public enum Opening: Sendable {
        /// Creates it if missing, and migrates its schema to this program's version.
        case upToDate
        /// It must exist at this program's version.
        case asItIs
    }

    /// A new one each time the file is opened: it may have been replaced by another copy since.
    let history = History(.randomID())
    let reader: SnapshotReader
    let condition: FileCondition
    let transactions: DurableTransactions
    let observer: any LedgerFileObserver
    let database: DatabasePool
    let file: OpenedFile
    /// Limits waiting changes to the catalog and to credentials.
    let changes: ConcurrencyLimit
    private let movements: GroupCommitter<MovementBatches>

    /// Opens a file after checking that it is a ledger. A large one may still be damaged: see `check()`.
    /// - Parameter tracer: As in ``GroupCommitter``.
    /// - Throws: `LedgerFileError`; then the file is unchanged.
    public static func open(
        _ path: String, _ opening: Opening, limits: LedgerFileLimits = LedgerFileLimits(),
        observer: any LedgerFileObserver, tracer: (any Tracer)? = nil
    ) async throws -> SQLiteLedger {
        let file = LedgerFile(path: path)
        let (database, lookups) = try await onBlockingThread {
            (try file.open(opening, limits), try file.openForLookups())
        }
        return SQLiteLedger(
            database, lookups, OpenedFile(path: path), limits: limits, observer: observer, tracer: tracer)
    }

    private init(
        _ database: DatabasePool, _ lookups: DatabaseQueue, _ file: OpenedFile, limits: LedgerFileLimits,
        observer: any LedgerFileObserver, tracer: (any Tracer)?
    ) {
        self.database = database
        self.file = file
        self.observer = observer
        changes = ConcurrencyLimit(limits.write.catalogChangesWaiting)
        condition = FileCondition(observer: observer)
        transactions = DurableTransactions(
            database: database, file: file, condition: condition, observer: observer, timeout: limits.commitTimeout)
        movements = GroupCommitter(
            MovementBatches(transactions: transactions, history: history, observer: observer), limits.write,
            tracer: tracer)
        reader = SnapshotReader(
            database: database, lookups: lookups, history: history,
            slots: ConcurrencyLimit(limits.readers + limits.waitingReads),
            lookupSlots: ConcurrencyLimit(limits.waitingReads), condition: condition, observer: observer)
    }

    /// Movements that wait for a transaction.
    public var waitingMovements: Int { movements.waitingLines }

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

    private func close() async {
        do {
            try await onBlockingThread { try file.close(database, reader.lookups) }
        } catch let error as FileDisplaced {
            observer.observe(.displaced(error))
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

    public func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        let receipt = try await movements.submit(.replay(of: key))
        return receipt.isReplay ? receipt : nil
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

extension SQLiteLedger: OrderedWriting {
    public func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence, completion: @escaping CommandCompletion
    ) async {
        movements.enqueue(command, in: sequence, completion: completion)
    }
}

extension SQLiteLedger {
    /// The schema version of this program.
    public static var schemaVersion: Int { Migration.newest }
}
