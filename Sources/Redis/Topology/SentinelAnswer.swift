/// What one sentinel says about the master of a name.
struct SentinelAnswer: Hashable {
    let master: RedisAddress
    /// The number of the failover that made it the master: of two sentinels that know different masters, the one with the
    /// higher number is right (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#configuration-epochs).
    let epoch: Int64

    static func commands(_ name: String) -> [RedisCommand] {
        [
            RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", .string(name)),
            RedisCommand("SENTINEL", "MASTER", .string(name)),
        ]
    }
}

extension SentinelAnswer {
    /// - Parameter replies: To ``commands(_:)``.
    /// - Throws: `.connection` if the sentinel does not know the name.
    init(_ replies: [RedisValue], name: String) throws(RedisError) {
        if let error = replies[0].error { throw error }
        guard !replies[0].isNull else {
            throw RedisError(
                .connection,
                "the sentinels watch no master with the name \(name): the URL's path has to be a name in `sentinel monitor`"
            )
        }
        guard let fields = replies[0].array, fields.count == 2, let host = fields[0].string,
            let master = RedisAddress(announced: host, port: fields[1].int64)
        else { throw RedisError(.protocolViolation, "a sentinel's answer is not an address") }
        // Alternately names and values. A user who may not ask for it compares no epochs.
        let details = replies[1].array ?? []
        let epoch = details.firstIndex { $0.string == "config-epoch" }.map { $0 + 1 }
        self.init(
            master: master, epoch: epoch.flatMap { details.indices.contains($0) ? details[$0].int64 : nil } ?? 0)
    }

    /// The master by the newest of the answers. If several are as new, `current` stays if it is among them.
    static func master(by answers: [SentinelAnswer], current: RedisAddress?) -> RedisAddress? {
        guard let newest = answers.map(\.epoch).max() else { return nil }
        let masters = answers.filter { $0.epoch == newest }.map(\.master)
        return masters.first { $0 == current } ?? masters.first
    }
}
