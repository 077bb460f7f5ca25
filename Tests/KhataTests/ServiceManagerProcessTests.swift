import AsyncHTTPClient
import Foundation
import LedgerTesting
import NIOCore
import NIOHTTP1
import ServerTesting
import Testing

/// What a service manager does, without one: `khata serve` says on a socket how far it is, and accepts connections on
/// another one that it is given.
@Suite("khata serve under a service manager")
struct ServiceManagerProcessTests {
    private let arguments = ["serve", "--port", "0", "--ops-port", "0"]
    /// Standard input becomes the first socket that is passed.
    private let passing = "exec 3<&0 0</dev/null; export LISTEN_PID=$$"

    @Test("a connection that waited at the socket is served; the manager is told of the start and the end")
    func serves() async throws {
        try await TestFile.with { file in
            let path = file.folder.appending(path: "notify").path(percentEncoded: false)
            for (name, sentTo) in [(path, path), ("@khata-test-\(UUID())", nil)] {
                let manager = try TestSocket(SOCK_DGRAM, AF_UNIX)
                try manager.bind(unix: sentTo ?? "\0\(name.dropFirst())")
                let api = try TestSocket(SOCK_STREAM, AF_INET)
                let port = try api.listen()
                let waiting = Task {
                    try await HTTPClient.shared.execute(
                        HTTPClientRequest(url: "http://127.0.0.1:\(port)/livez"), timeout: .seconds(60)
                    ).status
                }
                let server = try Program(
                    on: file, ["NOTIFY_SOCKET": name, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"]
                ).start(arguments, after: passing, input: api.file, log: file.folder.appending(path: "log"))
                try await closing({ server.kill() }) {
                    #expect(try await manager.message() == "READY=1")
                    #expect(try await waiting.value == .ok)
                    server.kill(SIGTERM)
                    #expect(try await manager.message() == "STOPPING=1")
                    let outcome = try await server.end()
                    #expect(outcome.status == 0, "\(outcome.errors)")
                }
            }
        }
    }

    @Test("what is no listening TCP socket is refused at the start, and the error says what it is")
    func refusals() async throws {
        let listener = try TestSocket(SOCK_STREAM, AF_INET)
        let connected = try TestSocket(SOCK_STREAM, AF_INET)
        try connected.connect(to: try listener.listen())
        let cases: [(FileHandle, said: String)] = [
            (Pipe().fileHandleForReading, "is not a socket"),
            (try TestSocket(SOCK_DGRAM, AF_INET).file, "is not a TCP socket"),
            (try TestSocket(SOCK_STREAM, AF_UNIX).file, "is not a TCP socket"),
            (connected.file, "does not listen"),
        ]
        for (descriptor, said) in cases {
            try await expectRefusal(["LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"], passing: descriptor, said: said)
        }
        let names = ["LISTEN_FDS": "2", "LISTEN_FDNAMES": "api:ops"]
        try await expectRefusal(names, passing: listener.file, said: "descriptor 4, which the service manager passes")
        try await expectRefusal(["LISTEN_FDS": "x"], passing: listener.file, said: "LISTEN_FDS is \"x\"")
        try await expectRefusal(
            ["NOTIFY_SOCKET": "notify"], passing: listener.file, said: "NOTIFY_SOCKET is \"notify\"")
    }

    private func expectRefusal(_ environment: [String: String], passing descriptor: FileHandle, said: String)
        async throws
    {
        try await TestFile.with { file in
            let server = try Program(on: file, environment)
                .start(arguments, after: passing, input: descriptor, log: file.folder.appending(path: "log"))
            let outcome = try await closing({ server.kill() }) { try await server.end() }
            #expect(outcome.status == 3 && outcome.errors.contains(said), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: file.path), "the shop was opened")
        }
    }

    @Test("descriptors 0 to 2 that are closed at the start become no files or connections")
    func closedDescriptors() async throws {
        try await TestFile.with { file in
            let manager = try TestSocket(SOCK_DGRAM, AF_UNIX)
            let path = file.folder.appending(path: "notify").path(percentEncoded: false)
            try manager.bind(unix: path)
            let server = try Program(on: file, ["NOTIFY_SOCKET": path])
                .start(arguments, after: "exec 0<&- 1>&- 2>&-", log: file.folder.appending(path: "log"))
            try await closing({ server.kill() }) {
                #expect(try await manager.message() == "READY=1")
                for descriptor in 0...2 {
                    let target = try FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(server.id)/fd/\(descriptor)")
                    #expect(target == "/dev/null", "descriptor \(descriptor)")
                }
                server.kill(SIGTERM)
                #expect(try await server.end().status == 0)
            }
        }
    }
}

/// A socket of the test's, as the system has it: NIO knows no abstract names.
private struct TestSocket {
    /// Closes it.
    let file: FileHandle

    private struct Failed: Error {
        let call: String
        let errno = Foundation.errno
    }

    init(_ type: __socket_type, _ family: CInt) throws {
        let descriptor = socket(family, CInt(type.rawValue), 0)
        guard descriptor != -1 else { throw Failed(call: "socket") }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// - Parameter name: A path; or a name in the abstract namespace, after a zero byte.
    func bind(unix name: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
        let bytes = MemoryLayout.size(ofValue: address.sun_family) + name.utf8.count
        try call("bind", &address, bytes, Foundation.bind)
    }

    /// - Returns: The port, on 127.0.0.1.
    func listen() throws -> Int {
        var address = sockaddr_in()
        (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), INADDR_LOOPBACK.bigEndian)
        var bytes = socklen_t(MemoryLayout<sockaddr_in>.size)
        try call("bind", &address, Int(bytes), Foundation.bind)
        guard Foundation.listen(file.fileDescriptor, 16) == 0 else { throw Failed(call: "listen") }
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(file.fileDescriptor, $0, &bytes) }
        }
        guard named == 0 else { throw Failed(call: "getsockname") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    func connect(to port: Int) throws {
        var address = sockaddr_in()
        (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), INADDR_LOOPBACK.bigEndian)
        address.sin_port = UInt16(port).bigEndian
        try call("connect", &address, MemoryLayout<sockaddr_in>.size, Foundation.connect)
    }

    private func call<Address>(
        _ name: String, _ address: inout Address, _ bytes: Int,
        _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws {
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(file.fileDescriptor, $0, socklen_t(bytes))
            }
        }
        guard result == 0 else { throw Failed(call: name) }
    }

    /// The next datagram.
    func message() async throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var count = -1
        try await eventually("a message comes") {
            count = recv(file.fileDescriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            return count != -1
        }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
