internal import CLibPQ
import Foundation
internal import Logging

/// Owns a libpq connection: the only type that holds the `PGconn`. Not thread-safe, like the `PGconn`.
///
/// It is always in pipeline mode and blocks only in ``nextResult()``, which reads while it writes: otherwise both sides
/// could wait for the other to empty a full socket.
final class Wire {
    private let connection: OpaquePointer
    private let notices: Notices
    private let silenceTimeout: Duration?
    private let isSilent: (@Sendable () -> Bool)?

    /// Connects. Blocks, because only PQconnectdb applies `connect_timeout` to each of several hosts; PQconnectPoll
    /// would not try the second host if the first is silent.
    init(_ configuration: ConnectionConfiguration, logger: Logger) throws(PostgresError) {
        notices = Notices(logger: logger)
        silenceTimeout = configuration.silenceTimeout
        isSilent = configuration.isSilent
        guard let connection = Self.connect(configuration.keywordsAndValues) else {
            throw PostgresError(.connection, "out of memory")
        }
        self.connection = connection
        guard PQstatus(connection) == CONNECTION_OK, PQsetnonblocking(connection, 1) == 0,
            PQenterPipelineMode(connection) == 1
        else { throw lost() }
        PQsetNoticeReceiver(
            connection,
            { notices, result in
                guard let notices, let result else { return }
                Unmanaged<Notices>.fromOpaque(notices).takeUnretainedValue().receive(result)
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(connection) }

    private static func connect(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        let keywords = parameters.map { strdup($0.keyword) }
        let values = parameters.map { strdup($0.value) }
        defer {
            for string in keywords + values { free(string) }
        }
        return PQconnectdbParams(
            keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
    }

    var transactionStatus: TransactionStatus {
        switch PQtransactionStatus(connection) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Whether the connection is open, as far as this side can know. Costs one system call.
    var isAlive: Bool {
        while PQstatus(connection) == CONNECTION_OK, !notices.announcedEnd, readiness(for: POLLIN, within: 0) != 0 {
            guard PQconsumeInput(connection) == 1 else { return false }
            _ = PQisBusy(connection)  // reads notices
        }
        return PQstatus(connection) == CONNECTION_OK && !notices.announcedEnd
    }

    /// The socket, which changes with each connect.
    var descriptor: Int32 { PQsocket(connection) }

    // MARK: Sending: into libpq's buffer, and from there as much as the socket takes

    func sendPrepare(_ statement: Statement) throws(PostgresError) {
        try check(PQsendPrepare(connection, statement.name, statement.sql, 0, nil))
    }

    func sendQuery(_ query: Query) throws(PostgresError) {
        let buffer = ParameterBuffer(query.parameters)
        let lengths = buffer.ranges.map { Int32($0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: lengths.count)
        let sent = buffer.bytes.withUnsafeBytes { bytes in
            let values = buffer.ranges.map { range in
                range.flatMap { bytes.baseAddress?.advanced(by: $0.lowerBound).assumingMemoryBound(to: CChar.self) }
            }
            return PQsendQueryPrepared(
                connection, query.statement.name, Int32(lengths.count), values, lengths, formats, 1)
        }
        try check(sent)
    }

    func sendSync() throws(PostgresError) {
        try check(PQpipelineSync(connection))
    }

    /// Sends several statements with the simple protocol. After the results, call ``resumePipelining()``.
    func sendScript(_ sql: String) throws(PostgresError) {
        try check(PQexitPipelineMode(connection))
        try check(PQsendQuery(connection, sql))
    }

    func resumePipelining() throws(PostgresError) {
        try check(PQenterPipelineMode(connection))
    }

    // MARK: Receiving

    /// Waits for the next result; nil ends the results of one command.
    /// - Throws: `.connection` or `.timeout`. The connection is then unusable.
    func nextResult() throws(PostgresError) -> ServerResult? {
        while true {
            let unsent = PQflush(connection)
            try check(unsent + 1)
            if PQisBusy(connection) == 0 { return PQgetResult(connection).map { ServerResult(owning: $0) } }
            let events = unsent == 0 ? POLLIN : POLLIN | POLLOUT
            let ready = readinessUntilSilent(for: events)
            if ready == 0 { throw .silent }
            // The server's last message may have arrived with the end of the connection.
            if ready & ~Int32(POLLOUT) != 0, PQconsumeInput(connection) == 0, PQisBusy(connection) == 1 { throw lost() }
        }
    }

    /// - Returns: 0 if the server is silent.
    private func readinessUntilSilent(for events: Int32) -> Int32 {
        let limit = silenceTimeout?.milliseconds ?? -1
        guard let isSilent else { return readiness(for: events, within: limit) }
        let start = ContinuousClock.now
        while true {
            let ready = readiness(for: events, within: Self.silenceCheckMilliseconds)
            if ready != 0 || isSilent() || limit >= 0 && (ContinuousClock.now - start).milliseconds >= limit {
                return ready
            }
        }
    }

    private static let silenceCheckMilliseconds: Int64 = 50

    /// Waits until the socket is ready; -1 means without a limit.
    /// - Returns: The ready events, as in poll(2); 0 after the timeout.
    private func readiness(for events: Int32, within milliseconds: Int64) -> Int32 {
        var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&request, 1, Int32(clamping: milliseconds))
            if count < 0, errno == EINTR { continue }
            return count == 0 ? 0 : Int32(request.revents) | (count < 0 ? Int32(POLLERR) : 0)
        }
    }

    private func check(_ success: Int32) throws(PostgresError) {
        if success == 0 { throw lost() }
    }

    /// libpq's error message for the connection.
    func lost() -> PostgresError {
        let message = String(cString: PQerrorMessage(connection)).singleLine
        return PostgresError(.connection, message.isEmpty ? "the connection was lost" : message)
    }
}
