public import Inventory
import Postgres

extension PostgresLedger: HealthReporting {
    /// The primary and the replicas, and how far each is behind: in bytes of WAL, seconds and positions.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        do {
            let (written, history, ownership) = try await primary.run { session in
                (
                    try Written(session.execute(Self.written).one()), try session.history,
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

    /// Reads that a replica cannot serve go to another one or to the primary; results stay correct.
    /// - Parameters:
    ///   - written: What the primary has.
    ///   - history: The primary's history.
    private func replicaHealth(_ written: Written?, _ history: History?) async -> [ComponentHealth] {
        let replicas = reader.replicas.all
        return await withTaskGroup { group in
            for replica in replicas {
                let name = replicas.count == 1 ? "replica:lag" : "replica-\(replica.number):lag"
                group.addTask { (replica.number, await health(of: replica, name, written, history)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private func health(
        of replica: Replicas.Replica, _ name: String, _ written: Written?, _ history: History?
    ) async -> [ComponentHealth] {
        func unused(_ fault: ReplicaFault, observed: Int64? = nil) -> ComponentHealth {
            ComponentHealth(
                name: name, status: fault == .primary ? .pass : .warn, observed: observed.map(Double.init),
                unit: observed.map { _ in "bytes" },
                output: "\(fault): reads do not use it")
        }
        do {
            let (lag, followed) = try await replica.pool.run { session in
                let row = try session.execute(
                    Self.lag, .text(written?.walPosition), .text(written?.time), .int64(written?.positions)
                ).one()
                guard try row.bool(2) else { throw session.retired() }
                return (try Lag(row), try row.optionalText(1))
            }
            if let history, history.id != followed { return [unused(.otherHistory)] }
            let bytes =
                if let bytes = lag.bytes, bytes > ReplicaFault.maximumLag {
                    unused(.farBehind, observed: bytes)
                } else {
                    ComponentHealth(
                        name: name, status: .pass, observed: lag.bytes.map(Double.init), unit: "bytes")
                }
            return [bytes]
                + [(lag.seconds, "s"), (lag.positions.map(Double.init), "positions")].compactMap { observed, unit in
                    observed.map { ComponentHealth(name: name, status: .pass, observed: $0, unit: unit) }
                }
        } catch {
            // The last heartbeat may know why.
            return [unused(reader.replicas.fault(of: replica) ?? .unreachable)]
        }
    }

    /// What the primary has, by its own clock.
    private struct Written {
        let walPosition: String
        let time: String
        /// The sum of all ledgers'.
        let positions: Int64

        init(_ row: Row) throws {
            (walPosition, time, positions) = (try row.text(0), try row.text(1), try row.int64(2))
        }
    }

    private static let written = Statement(
        "health.written",
        """
        select pg_current_wal_lsn()::text, clock_timestamp()::text, (select sum(position) from stores)::bigint
        """)

    /// What the replica lacks of that; what cannot be told is `nil`.
    private struct Lag {
        let bytes: Int64?
        /// Since the last transaction that was replayed was committed, unless no position is missing: after a pause of writes,
        /// more than what the next one waited.
        let seconds: Double?
        let positions: Int64?

        init(_ row: Row) throws {
            bytes = try row.optionalInt64(0)
            // It may have replayed more since.
            positions = try row.optionalInt64(4).map { max(0, $0) }
            seconds = positions == 0 ? 0 : try row.optionalInt64(3).map { max(0, Double($0) / 1_000_000) }
        }
    }

    private static let lag = Statement(
        "health.lag",
        """
        select greatest(0, pg_wal_lsn_diff(
            coalesce($1::text::pg_lsn, pg_last_wal_receive_lsn()), pg_last_wal_replay_lsn()))::bigint,
            (select id from histories order by number desc limit 1), pg_is_in_recovery(),
            (extract(epoch from $2::text::timestamptz - pg_last_xact_replay_timestamp()) * 1e6)::bigint,
            $3::bigint - (select sum(position) from stores)::bigint
        """)
}
