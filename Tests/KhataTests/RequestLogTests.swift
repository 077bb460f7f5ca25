import AsyncHTTPClient
import Foundation
import LedgerTesting
import NIOCore
import NIOHTTP1
import ServerTesting
import Testing

@Suite("Log of requests")
struct RequestLogTests {
    @Test("a request is one line of JSON with who, what, how long and the trace, whatever the client sent")
    func json() async throws {
        try await TestFile.with { file in
            let log = file.folder.appending(path: "serve.log")
            let program = Program(on: file, ["KHATA_LOG_FORMAT": "json", "KHATA_LOG_REQUESTS": "1"])
            let server = try program.start(["serve", "--port", "0", "--ops-port", "0"], log: log)
            defer { server.kill(SIGTERM) }
            try await eventually("it serves") { try server.said.contains("Try: curl") }
            let (_, key, url) = try #require(
                try server.said.firstMatch(of: /Bearer (khata_\w+)" (http:..[^\/]+)/)
            ).output
            var request = HTTPClientRequest(url: "\(url)/api/v1/stores/1/stock?category=%0Aforged")
            request.headers.add(name: "Authorization", value: "Bearer \(key)")
            request.headers.add(name: "X-Request-Id", value: #"","status":500,"x":""#)
            request.headers.add(
                name: "traceparent", value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            try await eventually("it is logged") { try server.said.contains(#""message":"request""#) }
            let line = try #require(
                try server.said.split(separator: "\n").first { $0.contains(#""message":"request""#) })
            let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(fields["request_id"] as? String == #"","status":500,"x":""#)
            #expect(fields["status"] as? Int == 400 || fields["status"] as? Int == 200)
            #expect(fields["route"] as? String == "/stores/{store_id}/stock" && fields["method"] as? String == "GET")
            #expect(fields["path"] as? String == "/api/v1/stores/1/stock")
            #expect((fields["principal"] as? String)?.hasPrefix("key:") == true)
            #expect((fields["duration_us"] as? Int).map { $0 > 0 } == true)
            #expect(fields["trace_id"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
        }
    }
}
