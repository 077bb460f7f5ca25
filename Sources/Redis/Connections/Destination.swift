/// Where a connection leads, and what has to be there.
enum Destination: Sendable {
    /// - Parameter inCluster: Whether it has to be a node of a cluster. If not, it must not be one.
    case master(RedisAddress, inCluster: Bool)
    /// The server that the sentinels call the master; they are asked before each attempt.
    case masterOf(Sentinels)
    /// Any node of a cluster, to be asked for the others.
    case node(RedisAddress)
    case sentinel(RedisAddress)
}
