import Inventory
import Logging
import Postgres
import ServiceLifecycle
import Synchronization

/// What is known of a replica.
public struct ReplicaStatus: Sendable {
    /// From 1, in the order of the settings.
    public let number: Int
    public let fault: ReplicaFault?
    public let readsInFlight: Int
    /// Of reads, since the start.
    public let results: [ReplicaReadResult: Int]
}

/// The replicas: their connections, heartbeats, and which one serves a read.
final class Replicas: Sendable {
    struct Replica: Sendable {
        let number: Int
        let pool: Pool
        fileprivate let heartbeats: HeartbeatConnection
        /// User, hosts, ports and database, for the log.
        fileprivate let server: String
        fileprivate var index: Int { number - 1 }
    }

    let all: [Replica]
    private let selection: SharedSelection
    private let watch: PrimaryWatch
    private let reference = Mutex<HeartbeatReference?>(nil)
    private let observer: any LedgerObserver

    /// - Parameter pool: Makes the pool of a replica.
    init(
        _ configurations: [ConnectionConfiguration], watch: PrimaryWatch, observer: any LedgerObserver, logger: Logger,
        pool: (ConnectionConfiguration) -> Pool
    ) {
        let selection = SharedSelection(count: configurations.count)
        all = configurations.enumerated().map { index, configuration in
            var reading = configuration.toReplica()
            reading.connectTimeout = .seconds(2)
            reading.isSilent = { selection.withLock { $0.isSilent(index) } }
            return Replica(
                number: index + 1, pool: pool(reading),
                heartbeats: HeartbeatConnection(configuration, logger: logger), server: "\(configuration)")
        }
        self.selection = selection
        self.watch = watch
        self.observer = observer
    }

    /// - Parameter tried: One that could not serve the read.
    /// - Returns: The chosen replica, for which ``end(_:_:)`` must be called.
    func begin(_ need: ReplicaSelection.Need, except tried: Replica? = nil) -> Replica? {
        guard !all.isEmpty else { return nil }
        return selection.withLock { $0.begin(need, except: tried?.index, at: .now) }.map { all[$0] }
    }

    func end(_ replica: Replica, _ result: ReplicaReadResult) {
        selection.withLock { $0.end(replica.index, result, at: .now) }
    }

    func fault(of replica: Replica) -> ReplicaFault? { selection.withLock { $0.fault(of: replica.index) } }

    var status: [ReplicaStatus] {
        selection.withLock { selection in
            all.map {
                ReplicaStatus(
                    number: $0.number, fault: selection.fault(of: $0.index),
                    readsInFlight: selection.readsInFlight(on: $0.index), results: selection.results(of: $0.index))
            }
        }
    }

    /// Sends heartbeats until graceful shutdown. The first is sent after an interval: a short command sends none.
    func run() async {
        guard !all.isEmpty else { return }
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { await self.followPrimary() }
                for replica in all { group.addTask { await self.sendHeartbeats(to: replica) } }
            }
        }
    }

    func close() async {
        for replica in all { await replica.heartbeats.close() }
    }

    private static let interval = Duration.milliseconds(250)

    private func followPrimary() async {
        var last: PrimaryState?
        while (try? await Task.sleep(for: Self.interval)) != nil {
            // While it is away, its last known state is what a replica must have. Its connection logs why.
            guard let state = try? await watch.now() else { continue }
            let flushed = (last ?? state).flushed
            reference.withLock { $0 = HeartbeatReference(flushed: flushed, history: state.cache.history) }
            last = state
        }
    }

    private func sendHeartbeats(to replica: Replica) async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            let heartbeat = await replica.heartbeats.beat(reference.withLock { $0 })
            guard selection.withLock({ $0.note(heartbeat, of: replica.index) }) else { continue }
            var cause: (any Error)?
            if case .unreachable(let error) = heartbeat { cause = error }
            observer.observe(
                .replicaChanged(number: replica.number, server: replica.server, fault(of: replica), cause))
        }
    }
}

/// A class, because the connections of the replicas refer to it.
private final class SharedSelection: Sendable {
    private let selection: Mutex<ReplicaSelection>

    init(count: Int) { selection = Mutex(ReplicaSelection(count: count)) }

    func withLock<T: Sendable>(_ body: (inout sending ReplicaSelection) -> T) -> T { selection.withLock { body(&$0) } }
}
