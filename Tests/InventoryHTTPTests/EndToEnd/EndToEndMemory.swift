import Access
import LedgerTesting
import NIOCore
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Memory for bodies and responses under way", .timeLimit(.minutes(2)))
    struct Memory {
        /// One principal may hold 4 MiB.
        private static let limits: HTTPLimits = {
            var limits = HTTPLimits()
            limits.bodiesBytes = 8 << 20
            limits.connections.body = .seconds(15)
            limits.connections.response = .seconds(600)
            limits.connections.bytesPerSecond = 100_000
            return limits
        }()

        private func head(_ token: String?) -> String {
            """
            POST /stores HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r
            \(token.map { "Authorization: Bearer \($0)\r\n" } ?? "")\r\n
            """
        }

        private let body = "{\"name\":\"" + String(repeating: "x", count: 900_000)

        /// The answers to twelve bodies that do not end.
        private func answers(
            _ server: LiveServer, _ token: String?, atFirst first: @escaping @Sendable () async throws -> Void
        ) async throws -> [String] {
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 1...12 {
                    group.addTask { try await exchange(port: server.port, [head(token), body], drip: "x") }
                }
                var answers = [try #require(try await group.next())]
                try await first()
                for try await answer in group { answers.append(answer) }
                return answers
            }
        }

        @Test("one who sends many bodies and does not end them gets room for some, and others are served meanwhile")
        func bodies() async throws {
            try await LiveServer.with(limits: Self.limits) { server in
                let answers = try await answers(server, server.token(.admin)) {
                    let other = try await server.post("/stores", #"{"name": "Mall"}"#, as: .manager)
                    #expect(other.status == 201)
                }
                let refused = answers.filter { $0.hasPrefix("HTTP/1.1 503 ") }
                #expect(refused.count >= 8)
                for answer in refused {
                    #expect(answer.contains(#""code":"overloaded""#))
                    #expect(answer.contains("Retry-After: 1\r\n") && answer.contains("onnection: close\r\n"))
                }
                #expect(answers.count { $0.hasPrefix("HTTP/1.1 408 ") } == 12 - refused.count)
                // All is free again.
                #expect(try await server.post("/stores", body + "\"}").status == 422)
            }
        }

        @Test("no room is taken for a body without a valid credential")
        func unauthenticated() async throws {
            try await LiveServer.with(limits: Self.limits) { server in
                for token in [nil, APIKey.generate().token] {
                    let answers = try await answers(server, token) {
                        let whole = try await server.post("/stores", body + "\"}")
                        #expect(whole.status == 422)
                    }
                    #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 401 ") })
                }
            }
        }

        @Test("one who takes no responses is cut off when they fill its share, and others are served meanwhile")
        func responses() async throws {
            try await LiveServer.with(limits: Self.limits) { server in
                let text = String(repeating: "\u{1F9C2}", count: 196)
                for number in 100..<200 {
                    let product = """
                        {"name": "\(text) \(number)", "category": "\(text)", "unit": "\(text)", "sku": "\(text) \(number)"}
                        """
                    #expect(try await server.post("/products", product).status == 201)
                }
                let request = """
                    GET /products?limit=100 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.reader))\r\n\r\n
                    """
                var clients: [DeafClient] = []
                for _ in 1...40 {
                    let client = try await DeafClient(port: server.port)
                    client.send(request)
                    clients.append(client)
                }
                defer { for client in clients { client.channel.close(promise: nil) } }
                // Of 310 KB each, 4 MiB hold thirteen, and the kernel a part of each.
                try await eventually("those beyond the share are cut off", within: .seconds(30)) {
                    clients.count { $0.channel.isActive } <= 18
                }
                #expect(clients.count { $0.channel.isActive } >= 8)
                #expect(try await server.get("/products?limit=100", as: .clerk).text.utf8.count > 250_000)
            }
        }
    }
}
