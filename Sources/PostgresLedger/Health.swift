public import Inventory
import Postgres

extension PostgresLedger: HealthReporting {
    /// The primary and the replica, and how far the replica is behind in bytes of WAL.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        do {
            let (written, history, ownership) = try await primary.run { session in
                (
                    try session.execute(Self.written).one().text(0), try session.history,
                    try ServingRole.ownership(session)
                )
            }
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            let primary = ComponentHealth(
                name: "primary:responseTime", status: .pass, observed: milliseconds, unit: "ms")
            let role = ownership.map { ComponentHealth(name: "primary:role", status: .warn, output: $0) }
            return [primary] + [role].compactMap(\.self) + (await replicaHealth(written, history))
        } catch {
            let primary = ComponentHealth(
                name: "primary:responseTime", status: .fail, output: "the primary does not respond: no writes")
            return [primary] + (await replicaHealth(nil, nil))
        }
    }

    /// Whether reads can be served: without the primary, only if unproven reads are enabled.
    public func isReady() async -> Bool {
        let components = await health()
        return components[0].observed != nil || reader.servesUnproven && components.contains { $0.observed != nil }
    }

    /// If a replica is down or behind, its reads go to the primary; results stay correct.
    /// - Parameters:
    ///   - written: The primary's current WAL position.
    ///   - history: The primary's history.
    private func replicaHealth(_ written: String?, _ history: History?) async -> [ComponentHealth] {
        guard let replica = reader.replica else { return [] }
        do {
            let (lag, followed) = try await replica.run { session in
                let row = try session.execute(Self.lag, .text(written)).one()
                guard try row.bool(2) else { throw session.retired() }
                return (try row.optionalInt64(0), try row.optionalText(1))
            }
            if let history, history.id != followed {
                return [
                    ComponentHealth(
                        name: "replica:lag", status: .warn,
                        output:
                            "not a replica of this primary, or on an old history: reads go to the primary")
                ]
            }
            let isBehind = lag.map { $0 > Self.maximumLag } ?? false
            return [
                ComponentHealth(
                    name: "replica:lag", status: isBehind ? .warn : .pass, observed: lag.map(Double.init),
                    unit: "bytes", output: isBehind ? "the replica is behind: reads go to the primary" : nil)
            ]
        } catch {
            return [
                ComponentHealth(
                    name: "replica:lag", status: .warn,
                    output: "the replica does not respond: reads go to the primary")
            ]
        }
    }

    /// 16 MiB, one WAL segment.
    private static let maximumLag: Int64 = 16 << 20

    private static let written = Statement("health.written", "select pg_current_wal_lsn()::text")

    private static let lag = Statement(
        "health.lag",
        """
        select greatest(0, pg_wal_lsn_diff(
            coalesce($1::text::pg_lsn, pg_last_wal_receive_lsn()), pg_last_wal_replay_lsn()))::bigint,
            (select id from histories order by number desc limit 1), pg_is_in_recovery()
        """)
}
