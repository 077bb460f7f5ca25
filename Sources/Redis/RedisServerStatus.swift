/// A server that the client uses, for health and metrics.
public struct RedisServerStatus: Sendable, Hashable {
    public enum Role: String, Sendable, Hashable { case master, sentinel }

    public let role: Role
    /// `nil` for a master that the sentinels have not named yet.
    public let address: RedisAddress?
    public let isConnected: Bool
    /// Why there is no connection; `nil` also during the first attempt.
    public let failure: RedisError?
}

/// The client's knowledge of a cluster's slots.
public struct RedisSlotStatus: Sendable, Hashable {
    /// How many have no master.
    public let unserved: Int
    /// The time since a node was last asked successfully.
    public let age: Duration
}

extension RedisClient {
    /// The masters, and the sentinels if there are any.
    public var servers: [RedisServerStatus] {
        switch topology {
        case .server(let group, let address): [Self.status(group, address)]
        case .sentinels(let group, let sentinels):
            [Self.status(group, sentinels.lastMaster)]
                + sentinels.servers.map { address, connection in
                    let (isConnected, failure): (Bool, RedisError?) =
                        switch connection.server {
                        case .success: (true, nil)
                        case .failure(let error): (false, error)
                        case nil: (false, nil)
                        }
                    return RedisServerStatus(
                        role: .sentinel, address: address, isConnected: isConnected, failure: failure)
                }
        case .cluster(let cluster):
            (cluster.masters ?? []).sorted { "\($0.0)" < "\($1.0)" }.map { Self.status($1, $0) }
        }
    }

    /// `nil` without a cluster, and until its slots are known.
    public var slots: RedisSlotStatus? {
        guard case .cluster(let cluster) = topology else { return nil }
        return cluster.slots.map { RedisSlotStatus(unserved: $0.unserved, age: $0.age) }
    }

    private static func status(_ group: ConnectionGroup, _ address: RedisAddress?) -> RedisServerStatus {
        RedisServerStatus(
            role: .master, address: address, isConnected: group.identity != nil, failure: group.failure)
    }
}
