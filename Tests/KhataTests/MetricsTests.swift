import AsyncHTTPClient
import Foundation
import LedgerTesting
import NIOCore
import Prometheus
import ServerTesting
import Testing

@testable import khata

@Suite("Metrics of a serving instance")
struct MetricsTests {
    @Test("on PostgreSQL and Redis, what happened is in the metrics, and promtool finds nothing to improve")
    func servers() async throws {
        try await TestDatabase.with { database in
            try await RedisServer.with { redis in
                let program = Program(
                    on: database, ["KHATA_REPLICA_URL": database.replicaURL, "KHATA_REDIS_URL": redis.url])
                let made = try await program.run(["key", "create", "--name", "owner", "--role", "admin"])
                let text = try await scraped(program, key: made.output) { khata in
                    #expect(try await khata.run(["store", "add", "Shop", "--id", "1"]).status == 0)
                    try await trade(khata)
                }
                for name in [
                    #"khata_cache_trusted 1"#,
                    #"khata_component_status{component="primary:responseTime"} 0"#,
                    #"khata_commit_duration_seconds_count{lane="0"} 4"#,
                    #"khata_database_round_trip_seconds_count{server="primary",statement="movements.lock_catalog"} "#,
                    #"khata_pool_connections{pool="lanes",state="idle"} "#,
                    #"khata_component_bytes{component="replica:lag"} "#,
                    #"khata_component_seconds{component="replica:lag"} "#,
                    #"khata_component_items{component="replica:lag"} "#,
                    #"khata_replica_reads_total{replica="1",result="served"} "#,
                    #"khata_replica_reads_in_flight{replica="1"} 0"#,
                    #"khata_replica_fault{replica="1",reason="unreachable"} "#,
                    #"khata_component_items{component="relay:backlog"} "#,
                    #"khata_component_items{component="webhooks:backlog"} 0"#,
                    #"khata_webhook_deliveries_total{outcome="delivered"} 0"#,
                    #"khata_queue_commands_total{outcome="recorded"} 0"#,
                    #"khata_document_fills_total{document="level"} "#,
                ] {
                    #expect(text.contains("\n\(name)"), "\(name)")
                }
                #expect(
                    try await database.integers(
                        "select count(*) from reconciliations where part = 'documents' and finished_at is not null")
                        == [1])
            }
        }
    }

    @Test("on a file, what happened is in the metrics, and promtool finds nothing to improve")
    func file() async throws {
        try await TestFile.with { file in
            let text = try await scraped(Program(on: file), trade)
            #expect(text.contains("\nkhata_commit_duration_seconds_count{lane=\"file\"} 4\n"))
            #expect(text.contains("\nkhata_component_status{component=\"ledger:embedded\"} 0\n"))
        }
    }

    @Test("the documentation has a table of all metrics")
    func documentation() throws {
        let declarations = ServiceMetrics(log: nil).registry.declarations
        let rows = declarations.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/operations.md").standardizedFileURL
        let found = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `khata_") || $0.hasPrefix("| `process_") }.map(String.init)
        #expect(found == rows, "docs/operations.md should have:\n\(rows.joined(separator: "\n"))")
    }

    /// Five movements, of which one is refused and one empties a level.
    private func trade(_ khata: Program) async throws {
        #expect(try await khata.run(["product", "add", "Tea", "--id", "7"]).status == 0)
        #expect(try await khata.run(["move", "in", "7", "5"]).status == 0)
        #expect(try await khata.run(["move", "sale", "7", "2"]).status == 0)
        #expect(try await khata.run(["move", "sale", "7", "9"]).status == 1)
        #expect(try await khata.run(["move", "sale", "7", "3"]).status == 0)
        #expect(try await khata.run(["stock", "7"]).status == 0)
    }

    /// - Parameters:
    ///   - key: A text with an admin key; the first start on a file prints one.
    ///   - body: Works on the shop through the server.
    /// - Returns: The metrics after it.
    private func scraped(
        _ program: Program, key: String = "", _ body: (Program) async throws -> Void
    ) async throws -> String {
        let log = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID()).log")
        let server = try program.start(["serve", "--port", "0", "--ops-port", "0"], log: log)
        defer { server.kill(SIGTERM) }
        try await eventually("it serves") {
            try server.said.contains("serving") && server.said.contains("health and metrics")
        }
        let url = try #require(try server.said.firstMatch(of: /serving url=(\S+)/)).output.1
        let ops = try #require(try server.said.firstMatch(of: /health and metrics url=(\S+)/)).output.1
        let key = try #require(try (key + server.said).firstMatch(of: /khata_([0-9a-f]+)_\w+/))
        let khata = Program(environment: ["KHATA_SERVER_URL": String(url), "KHATA_API_KEY": String(key.output.0)])
        try await body(khata)
        // The cache is trusted after a while, components are looked at every few seconds, and a replica that replays the
        // databases of other tests too may not have this one yet.
        var text = ""
        try await eventually("the metrics are complete", within: .seconds(120)) {
            text = try await get("\(ops)/metrics")
            return text.contains("\nkhata_component_status{component=\"reconciliation:differences\"} 0\n")
                && !text.contains("khata_cache_trusted 0")
                && text.contains("component=\"replica:lag\"")
                    == text.contains("khata_component_items{component=\"replica:lag\"}")
        }
        for name in [
            #"khata_http_request_duration_seconds_count{method="POST",route="/stores/{store_id}/stock",status="201"} 3"#,
            #"khata_http_request_duration_seconds_count{method="POST",route="/stores/{store_id}/stock",status="409"} 1"#,
            #"khata_http_problems_total{code="insufficient-stock"} 1"#,
            #"khata_commands_total{outcome="recorded"} 3"#,
            #"khata_commands_total{outcome="insufficient-stock"} 1"#,
            #"khata_movements_total{type="sale"} 2"#,
            "khata_levels_emptied_total 1", "khata_http_requests_in_flight 0",
        ] {
            #expect(text.contains("\n\(name)\n"), "\(name)")
        }
        #expect(!text.contains(key.output.1), "a key's id is no label")
        try check(text)
        return text
    }

    private func get(_ url: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
        return String(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    /// As `promtool check metrics` does, of Debian's package prometheus.
    private func check(_ text: String) throws {
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["promtool", "check", "metrics"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
        #expect(said.isEmpty, "\(String(decoding: said, as: UTF8.self))")
    }
}
