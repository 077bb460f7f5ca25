/// A cluster as one of its nodes sees it.
struct ClusterView: Sendable, Hashable {
    /// Whether the node serves its slots: it does not while it is cut off from most of the others.
    let isServing: Bool
    /// Incremented by each failover, and when slots are moved.
    let epoch: Int64
    let slots: SlotMap

    static let commands = [RedisCommand("CLUSTER", "INFO"), RedisCommand("CLUSTER", "SLOTS")]
}

extension ClusterView {
    /// - Parameters:
    ///   - replies: To ``commands``.
    ///   - server: Where they are from.
    init(_ replies: [RedisValue], from server: RedisAddress) throws(RedisError) {
        for reply in replies { if let error = reply.error { throw error } }
        let information = try ServerInformation(replies[0])
        guard let epoch = information.find("cluster_current_epoch").flatMap({ Int64($0) }) else {
            throw RedisError(.protocolViolation, "CLUSTER INFO does not say cluster_current_epoch")
        }
        self.init(
            isServing: information.find("cluster_state") == "ok", epoch: epoch,
            slots: try SlotMap(replies[1], from: server))
    }

    /// The newest: nodes that are cut off with an old master do not know of later failovers. For a moment after slots were
    /// moved, nodes that know of the epoch may not know of the slots yet; then `MOVED` renews the map again.
    static func newest(of views: [ClusterView]) -> ClusterView? {
        views.max { ($0.isServing ? 1 : 0, $0.epoch) < ($1.isServing ? 1 : 0, $1.epoch) }
    }
}
