import Logging
import Postgres
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite("connecting")
struct ConnectingTests {
    private func failure(_ string: String) async throws -> PostgresError? {
        let configuration = try ConnectionConfiguration(string, applicationName: "khata-tests")
        return try await TestServer.withConnection(configuration) { connection in
            await #expect(throws: PostgresError.self) { try await connection.backendID() }
        }
    }

    /// The URI of the test's server with other hosts before its own.
    private func url(behind hosts: [String]) throws -> String {
        let url = try TestServer.url(with: "target_session_attrs=read-write")
        let start = try #require(url.firstIndex(of: "@"))
        return url[...start] + (hosts + [""]).joined(separator: ",") + url[url.index(after: start)...]
    }

    @Test("says what is wrong when the server refuses the connection, and does not try again each time")
    func refused() async throws {
        let attempts = CountingLogHandler.Count()
        let connection = Connection(
            try ConnectionConfiguration("postgres://u@127.0.0.1:1/d", applicationName: "khata-tests"),
            logger: Logger(label: "test") { _ in CountingLogHandler(count: attempts) })
        for _ in 0..<50 {
            let error = await #expect(throws: PostgresError.self) { try await connection.backendID() }
            #expect(error?.kind == .connection)
            #expect(error?.message.contains("refused") == true)
            #expect(error?.outcome == .notApplied)
            #expect(error?.isRetryable == true)
        }
        #expect((1..<50).contains(attempts.value.load(ordering: .relaxed)))
        await connection.close()
    }

    @Test("says so when the password is wrong, without the password")
    func wrongPassword() async throws {
        let error = try await failure(TestServer.url(with: "user=must_have_password&password=not-the-password"))
        #expect(error?.kind == .connection)
        #expect(error?.message.contains("password authentication failed") == true)
        #expect(error?.message.contains("not-the-password") == false)
    }

    @Test("says so when a host or a database does not exist")
    func unknownNames() async throws {
        let host = try await failure("postgres://u@no-such-host.invalid/d")
        #expect(host?.message.contains("no-such-host.invalid") == true)
        let database = try await failure(TestServer.url(with: "dbname=no_such_database"))
        #expect(database?.message.contains("no_such_database") == true)
    }

    @Test("gives up on a server that accepts and stays silent")
    func silence() async throws {
        let silent = try SilentServer()
        var configuration = try ConnectionConfiguration(
            "postgres://u@127.0.0.1:\(silent.port)/d", applicationName: "khata-tests")
        configuration.connectTimeout = .seconds(1)  // libpq makes it two
        try await TestServer.withConnection(configuration) { connection in
            let error = await #expect(throws: PostgresError.self) { try await connection.backendID() }
            #expect(error?.kind == .connection)
            #expect(error?.message.contains("timeout") == true)
        }
    }

    @Test("goes on to the next of several hosts, past one that refuses and one that stays silent")
    func severalHosts() async throws {
        let silent = try SilentServer()
        let string = try url(behind: ["127.0.0.1:1", "127.0.0.1:\(silent.port)"])
        var configuration = try ConnectionConfiguration(string, applicationName: "khata-tests")
        configuration.connectTimeout = .seconds(1)
        try await TestServer.withConnection(configuration) { try await $0.expectAnswer() }
    }

    @Test("keeps to target_session_attrs")
    func sessionAttributes() async throws {
        let error = try await failure(TestServer.url(with: "target_session_attrs=standby"))
        #expect(error?.message.contains("standby") == true)
    }
}

/// Accepts connections, in the kernel, and never says a word.
private final class SilentServer {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(bound)
    }

    deinit { close(descriptor) }
}
