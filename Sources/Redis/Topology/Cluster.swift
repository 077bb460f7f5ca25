internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Connections to the masters of a cluster, opened and closed as the map of its slots changes. Must be closed before it is
/// released.
///
/// Redirections are not followed: they are errors of the commands, and `MOVED` renews the map.
final class Cluster: Sendable {
    private struct State {
        var slots: SlotMap?
        var renewedAt: ContinuousClock.Instant?
        /// Why the map could not be renewed; `nil` if it could.
        var failure: RedisError?
        var masters: [RedisAddress: ConnectionGroup] = [:]
        var mastersByIdentity: [String: ConnectionGroup] = [:]
        /// Connections to the nodes in the URL, which are used while no master answers.
        var seeds: [(address: RedisAddress, connection: Connection)] = []
        var isClosed = false
    }

    private let seedAddresses: [RedisAddress]
    private let configuration: RedisConfiguration
    private let tls: NIOSSLContext?
    private let eventLoops: [any EventLoop]
    private let logger: Logger
    private let state = Mutex(State())
    private let hasMoved = Atomic(false)

    /// The map is renewed no more often than this.
    private static let minimumInterval = Duration.milliseconds(100)
    /// How many nodes are asked at a time.
    private static let maximumAsked = 5

    init(
        _ seeds: [RedisAddress], _ configuration: RedisConfiguration, tls: NIOSSLContext?,
        eventLoops: [any EventLoop], logger: Logger
    ) {
        seedAddresses = seeds
        self.configuration = configuration
        self.tls = tls
        self.eventLoops = eventLoops
        self.logger = logger
    }

    // MARK: Masters

    var identities: Set<String> { state.withLock { Set($0.mastersByIdentity.keys) } }

    func isConnected(to identity: String) -> Bool { state.withLock { $0.mastersByIdentity[identity] != nil } }

    func identity(serving key: String) -> String? {
        let slot = SlotMap.slot(of: key)
        return state.withLock { state in
            state.slots?.master(of: slot).flatMap { state.masters[$0] }?.identity
        }
    }

    /// - Parameter identity: Of the required master; `nil` for any.
    /// - Returns: `nil` if none is connected.
    func connection(to identity: String?) -> Connection? {
        state.withLock { state in
            identity.map { state.mastersByIdentity[$0] } ?? state.mastersByIdentity.first?.value
        }?.connection(to: identity)
    }

    /// Why no master is connected, if that is known.
    var failure: RedisError? {
        let (failure, masters) = state.withLock { ($0.failure, Array($0.masters.values)) }
        return failure ?? masters.lazy.compactMap(\.failure).first
    }

    /// The masters by address; `nil` until they are known.
    var masters: [(RedisAddress, ConnectionGroup)]? {
        state.withLock { state in state.slots.map { _ in state.masters.map { ($0, $1) } } }
    }

    /// How many slots no master serves, and the time since the map was renewed; `nil` until it is known.
    var slots: (unserved: Int, age: Duration)? {
        state.withLock { state in
            guard let slots = state.slots, let renewedAt = state.renewedAt else { return nil }
            return (slots.unservedSlots, .now - renewedAt)
        }
    }

    // MARK: The map

    /// Renews the map periodically, and when a command was refused with `MOVED`, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            hasMoved.store(false, ordering: .relaxed)
            await renew()
            let next = ContinuousClock.now + configuration.identityInterval
            repeat {
                try? await Task.sleep(for: Self.minimumInterval)
            } while !Task.isCancelled && !hasMoved.load(ordering: .relaxed) && hasAnswer && .now < next
        }
    }

    /// Without one, the seeds are asked again soon.
    private var hasAnswer: Bool { state.withLock { $0.failure == nil } }

    private func renew() async {
        var nodes = connectedMasters.shuffled().prefix(Self.maximumAsked).map(\.self)
        var (views, failure) = await views(from: nodes)
        if views.isEmpty {
            nodes = connectToSeeds()
            (views, failure) = await self.views(from: nodes)
        } else {
            disconnectFromSeeds()
        }
        if let newest = ClusterView.newest(of: views) {
            adopt(newest.slots)
        } else if !Task.isCancelled {
            fail(failure?.message ?? "none answered within \(configuration.lookupTimeout)")
        }
    }

    private func fail(_ reason: String) {
        let error = RedisError(.connection, "no node of the Redis cluster says who serves its slots: \(reason)")
        let isNew = state.withLock { state in
            defer { state.failure = error }
            return state.failure != error
        }
        if isNew { logger.warning("\(error)", metadata: ["url": "\(configuration)"]) }
    }

    private typealias Node = (address: RedisAddress, connection: Connection)

    private func views(from nodes: [Node]) async -> (answers: [ClusterView], failure: RedisError?) {
        await nodes.map(\.connection).lookUp(
            ClusterView.commands, within: configuration.lookupTimeout
        ) { connection, replies in
            Result { () throws(RedisError) in
                guard let node = nodes.first(where: { $0.connection === connection }) else {
                    preconditionFailure("only these were asked")
                }
                return try ClusterView(replies, from: node.address)
            }
        }
    }

    private var connectedMasters: [Node] {
        state.withLock { state in
            state.masters.compactMap { address, group in
                group.connections.first { $0.identity != nil }.map { (address, $0) }
            }
        }
    }

    private func connectToSeeds() -> [Node] {
        state.withLock { state in
            guard state.seeds.isEmpty, !state.isClosed else { return state.seeds }
            var configuration = configuration
            configuration.commandTimeout = configuration.lookupTimeout
            state.seeds = seedAddresses.map { [configuration] address in
                let connection = Connection(
                    configuration, to: .node(address), tls: tls, eventLoop: eventLoops[0], logger: logger)
                return (address, connection)
            }
            return state.seeds
        }
    }

    /// Closing a connection with TLS may take seconds: nothing waits for it.
    private func disconnectFromSeeds() {
        let seeds = state.withLock { state in
            defer { state.seeds = [] }
            return state.seeds
        }
        for seed in seeds { Task { await seed.connection.close() } }
    }

    private func adopt(_ slots: SlotMap) {
        let masters = Set(slots.masters)
        let left = state.withLock { state -> [ConnectionGroup] in
            guard !state.isClosed else { return [] }
            if state.slots != slots {
                logger.info(
                    "the Redis cluster's slots are served by these masters",
                    metadata: [
                        "servers": "\(slots.masters.map(\.description))", "unserved_slots": "\(slots.unservedSlots)",
                    ])
            }
            (state.slots, state.renewedAt, state.failure) = (slots, .now, nil)
            let left = state.masters.filter { !masters.contains($0.key) }
            state.masters = state.masters.filter { masters.contains($0.key) }
            for address in masters where state.masters[address] == nil { state.masters[address] = connect(to: address) }
            return left.map(\.value)
        }
        index()
        let error = RedisError(.connection, "the Redis is no master of the cluster any more")
        for group in left { Task { await group.close(failing: error) } }
    }

    private func connect(to address: RedisAddress) -> ConnectionGroup {
        ConnectionGroup(
            configuration, to: .master(address, inCluster: true), tls: tls, eventLoops: eventLoops, logger: logger
        ) { [weak self] event in
            switch event {
            case .connected, .lost: self?.index()
            case .moved: self?.hasMoved.store(true, ordering: .relaxed)
            }
        }
    }

    /// Finds the masters by the identities that their connections have now.
    private func index() {
        state.withLock { state in
            state.mastersByIdentity = [:]
            for group in state.masters.values {
                for identity in group.identities { state.mastersByIdentity[identity] = group }
            }
        }
    }

    func close() async {
        let (groups, seeds) = state.withLock { state in
            state.isClosed = true
            defer { (state.masters, state.mastersByIdentity, state.seeds) = ([:], [:], []) }
            return (Array(state.masters.values), state.seeds)
        }
        for group in groups { await group.close() }
        for seed in seeds { await seed.connection.close() }
    }
}
