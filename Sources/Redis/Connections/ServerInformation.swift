/// The reply to `INFO`.
struct ServerInformation {
    private let text: String

    init(_ reply: RedisValue) throws(RedisError) {
        guard let text = reply.string else { throw RedisError(.protocolViolation, "INFO is answered without a text") }
        self.text = text
    }

    /// The process, the database, and the replication id: a server that was a replica meanwhile comes back with another
    /// one (https://redis.io/docs/latest/operate/oss_and_stack/management/replication/#replication-id-explained).
    /// - Throws: `.connection` if it is a replica, whose data may be overwritten.
    func identity(database: Int) throws(RedisError) -> String {
        "\(try process).\(database)/\(try replicationID())"
    }

    /// A random id of the process.
    var process: String { get throws(RedisError) { try require("run_id") } }

    /// - Throws: `.connection` if it is a replica.
    func replicationID() throws(RedisError) -> String {
        guard try require("role") == "master" else {
            throw RedisError(.connection, "the Redis is a replica: only a master is of use")
        }
        return try require("master_replid")
    }

    /// - Throws: `.connection` if it is a sentinel, is a node of a cluster though it must not be, or is none though it has
    ///   to be.
    func require(cluster isRequired: Bool) throws(RedisError) {
        if find("sentinel_masters") != nil {
            throw RedisError(.connection, "the server is a sentinel: its URL is redis-sentinel://host:port/master-name")
        }
        let isNode = find("cluster_enabled") == "1"
        guard isNode != isRequired else { return }
        throw RedisError(
            .connection,
            isNode
                ? "the Redis is a node of a cluster: its URL is redis-cluster://host:port"
                : "the Redis is not a node of a cluster: the URL of a single server is redis://host:port")
    }

    private func require(_ field: String) throws(RedisError) -> String {
        guard let value = find(field) else { throw RedisError(.protocolViolation, "INFO does not say \(field)") }
        return value
    }

    func find(_ field: String) -> String? {
        // Lines of `field:value` that end with CR LF, which to Swift is one character.
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(field + ":") {
            let value = line.dropFirst(field.count + 1)
            if !value.isEmpty { return String(value) }
        }
        return nil
    }
}
