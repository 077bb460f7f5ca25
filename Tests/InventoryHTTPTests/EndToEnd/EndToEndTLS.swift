import AsyncHTTPClient
import LedgerTesting
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServerTesting
import ServiceLifecycle
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("TLS", .timeLimit(.minutes(2)))
    struct TLS {
        @Test("the API speaks TLS, says that browsers are to insist on it, and the operator's port stays plain")
        func serves() async throws {
            try await TestCertificate.with { files in
                try await LiveServer.with(certificate: ServerCertificate(files.paths)) { server in
                    let answer = try await files.get(port: server.port)
                    #expect(answer.status == .ok)
                    #expect(answer.headers["Strict-Transport-Security"] == ["max-age=31536000"])
                    #expect(answer.headers["X-Content-Type-Options"] == ["nosniff"])
                    let ops = try await server.send(.GET, "/livez", opsPort: true)
                    #expect(ops.status == 200)
                    #expect(ops.header("Strict-Transport-Security") == nil)
                    // What is no TLS is not answered.
                    let plain = try await exchange(port: server.port, ["GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"])
                    #expect(!plain.contains("HTTP"))
                }
            }
        }

        @Test("it is TLS 1.2 or 1.3, and HTTP/1.1")
        func versions() async throws {
            try await TestCertificate.with { files in
                try await LiveServer.with(certificate: ServerCertificate(files.paths)) { server in
                    for version in [TLSVersion.tlsv12, .tlsv13] {
                        let channel = try await files.connect(port: server.port) {
                            $0.minimumTLSVersion = version
                            $0.maximumTLSVersion = version
                        }
                        #expect(try await channel.nioSSL_tlsVersion().get() == version)
                        try await channel.close()
                    }
                    await #expect(throws: (any Error).self) {
                        _ = try await files.connect(port: server.port) {
                            $0.minimumTLSVersion = .tlsv1
                            $0.maximumTLSVersion = .tlsv11
                        }
                    }
                }
            }
        }

        @Test("it is TLS 1.3 where the client can, and otherwise with ciphers that keep past traffic secret")
        func ciphers() async throws {
            for key in TestCertificate.Key.allCases {
                try await TestCertificate.with(key) { files in
                    try await LiveServer.with(certificate: ServerCertificate(files.paths)) { server in
                        func session(_ options: String...) throws -> String {
                            try openssl(["s_client", "-connect", "localhost:\(server.port)", "-brief"] + options)
                        }
                        #expect(try session().contains("Protocol version: TLSv1.3"))
                        for cipher in ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"] {
                            let found = try session("-tls1_2", "-cipher", "ECDHE-\(key.rawValue)-\(cipher)")
                            #expect(found.contains("Protocol version: TLSv1.2"))
                        }
                        let refused = ["kRSA", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "DHE"]
                        for cipher in refused {
                            let found = try session("-tls1_2", "-cipher", cipher)
                            #expect(!found.contains("Protocol version"), "\(cipher)")
                        }
                    }
                }
            }
        }

        @Test("who does not get through the handshake is cut off")
        func handshake() async throws {
            var limits = HTTPLimits()
            limits.connections.handshake = .seconds(1)
            limits.connections.idle = .seconds(600)
            limits.connections.head = .seconds(600)
            try await TestCertificate.with { files in
                try await LiveServer.with(limits: limits, certificate: ServerCertificate(files.paths)) { server in
                    // The beginning of a ClientHello, of which nothing more comes.
                    let heard = try await exchange(port: server.port, ["\u{16}\u{3}\u{1}\u{2}"])
                    #expect(heard.isEmpty)
                }
            }
        }

        @Test("a head that is drip-fed is refused, and answers that are not taken end the connection")
        func slow() async throws {
            var limits = HTTPLimits()
            limits.connections.idle = .seconds(600)
            limits.connections.handshake = .seconds(600)
            limits.connections.head = .seconds(1)
            limits.connections.response = .seconds(1)
            try await TestCertificate.with { files in
                try await LiveServer.with(limits: limits, certificate: ServerCertificate(files.paths)) { server in
                    let head = try await files.connect(port: server.port)
                    head.writeAndFlush(ByteBuffer(string: "GET /livez HTTP/1.1\r\n"), promise: nil)
                    try await head.awaitCutOff()

                    let deaf = try await files.connect(port: server.port)
                    try await deaf.setOption(.autoRead, value: false).get()
                    let request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                    deaf.writeAndFlush(ByteBuffer(string: String(repeating: request, count: 50_000)), promise: nil)
                    try await deaf.awaitCutOff()
                }
            }
        }

        @Test("a renewed certificate is served to new connections, a broken one is not, and old connections live on")
        func renewal() async throws {
            try await TestCertificate.with { old in
                try await TestCertificate.with { new in
                    let certificate = try ServerCertificate(old.paths)
                    let renewal = CertificateRenewal(
                        of: certificate, every: .milliseconds(20), onRequest: AsyncStream<Void> { _ in },
                        logger: TestDatabase.quiet)
                    try await LiveServer.with(certificate: certificate) { server in
                        try await running([renewal]) {
                            let connection = try await old.connect(port: server.port)
                            try old.replace(key: "no key")
                            #expect(try await old.get(port: server.port).status == .ok)
                            try old.replace(by: new)
                            try await eventually("the new certificate is served") {
                                (try? await new.get(port: server.port))?.status == .ok
                            }
                            await #expect(throws: (any Error).self) { _ = try await old.connect(port: server.port) }
                            #expect(connection.isActive)
                            try await connection.close()
                        }
                    }
                }
            }
        }

        @Test("the files are also read again on request")
        func request() async throws {
            try await TestCertificate.with { old in
                try await TestCertificate.with { new in
                    let certificate = try ServerCertificate(old.paths)
                    let (requests, request) = AsyncStream<Void>.makeStream()
                    let renewal = CertificateRenewal(
                        of: certificate, every: .seconds(3_600), onRequest: requests, logger: TestDatabase.quiet)
                    let context = certificate.context
                    try await running([renewal]) {
                        try old.replace(by: new)
                        request.yield()
                        try await eventually { certificate.context !== context }
                    }
                }
            }
        }
    }
}

extension TestCertificate {
    private var trusting: TLSConfiguration {
        get throws {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(certificates)
            return tls
        }
    }

    /// Sends a request through a connection of its own, trusting only this certificate.
    fileprivate func get(port: Int) async throws -> HTTPClientResponse {
        var configuration = HTTPClient.Configuration(tlsConfiguration: try trusting)
        configuration.httpVersion = .automatic
        let client = HTTPClient(configuration: configuration)
        do {
            let response = try await client.execute(
                HTTPClientRequest(url: "https://localhost:\(port)/livez"), timeout: .seconds(30))
            #expect(response.version == .http1_1)
            _ = try await response.body.collect(upTo: 1 << 20)
            try await client.shutdown()
            return response
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    /// A connection, after the handshake.
    fileprivate func connect(
        port: Int, _ configure: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws -> any Channel {
        var tls = try trusting
        configure(&tls)
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // Its promise is kept when the handshake has ended.
        try await channel.writeAndFlush(ByteBuffer()).get()
        return channel
    }
}
