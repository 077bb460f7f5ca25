import Foundation
import LedgerTesting
import Prometheus
import ServerTesting
import Testing

@testable import khata

@Suite("khata top")
struct TopTests {
    @Test("prints once what an instance does where the output is no terminal, and names another that is down")
    func once() async throws {
        try await withInstance { khata, ops in
            let requests = Task {
                while !Task.isCancelled { _ = try await khata.run(["product", "list"]) }
            }
            let up = try await Program(environment: [:]).run(["top", ops])
            requests.cancel()
            #expect(up.status == 0, "\(up.errors)")
            #expect(up.lines.first?.hasPrefix("INSTANCE") == true)
            let name = String(ops.dropFirst("http://".count))
            let columns = try #require(up.lines.first { $0.hasPrefix(name) }).split(separator: " ")
            #expect(columns.count == 11 && columns[5] == "0", "\(columns)")
            #expect(try #require(Double(columns[1])) > 0, "requests a second")
            #expect(try #require(Double(columns[3])) > 0, "their median")
            #expect(up.lines.contains { $0.contains("file") }, "the lane of a file")
            #expect(!up.output.contains("\u{1B}"))
            let down = try await Program(environment: [:]).run([
                "top", "--once", "--interval", "0.2", "127.0.0.1:1", ops,
            ])
            #expect(down.status == 1)
            let refused = "127.0.0.1:1 is down: it cannot be reached: Connection refused"
            #expect(down.lines.contains { $0 == refused }, "\(down.output)")
            #expect(down.lines.contains { $0.hasPrefix(name) })
        }
    }

    @Test("an instance that answers with anything else is down, and says why")
    func hostile() async throws {
        let answers: [(String, ScriptedServer.Reply)] = [
            ("it has no metrics", .answer(404, "")),
            ("it responded with 302", .answer(302, headers: [("Location", "/")], "")),
            ("its response is longer than 8 MiB", .answer(200, String(repeating: "#", count: 9 << 20))),
            ("no response within 2 seconds", .silence), ("these are no metrics: line 1", .answer(200, "<html>")),
            ("these are not the metrics of a Khata instance", .answer(200, "up 1\n")),
            ("it cannot be reached", .hangUp),
        ]
        for (reason, answer) in answers {
            try await ScriptedServer.with { _, _ in
                answer
            } _: { _, url in
                let outcome = try await Program(environment: [:]).run(["top", "--once", "--interval", "0.2", url])
                #expect(outcome.status == 1)
                #expect(outcome.output.contains(" is down: \(reason)"), "\(outcome.output)\(outcome.errors)")
            }
        }
    }

    @Test("what is no address is refused", arguments: ["", "ftp://shop", "http://", "http://user@shop", "a b"])
    func addresses(text: String) async throws {
        let outcome = try await Program(environment: [:]).run(["top", "--once", text])
        #expect(outcome.status == 1 && outcome.errors.contains("is no address"), "\(outcome.errors)")
    }

    @Test("in a terminal it shows what fits, and leaves it as it was", arguments: ["q", "\u{3}"])
    func terminal(key: String) async throws {
        try await withInstance { _, ops in
            let typed = Pipe()
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            // A terminal of its own, which says afterwards how it is set.
            process.arguments = [
                "script", "--quiet", "--return", "--command",
                "stty cols 50 rows 12; '\(try Program.url.path)' top --interval 0.2 \(ops); echo status $?; stty -a",
                "/dev/null",
            ]
            process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "TERM": "xterm"]
            process.standardInput = typed
            let log = FileManager.default.temporaryDirectory.appending(path: "top-\(UUID()).log")
            try Data().write(to: log)
            defer { try? FileManager.default.removeItem(at: log) }
            process.standardOutput = try FileHandle(forWritingTo: log)
            try process.run()
            func shown() throws -> String { try String(contentsOf: log, encoding: .utf8) }
            try await eventually("it shows the lanes") { try shown().contains("COMMITS/S") }
            try typed.fileHandleForWriting.write(contentsOf: Data(key.utf8))
            try await eventually("it ends") { !process.isRunning }
            let text = try shown()
            let parts = text.components(separatedBy: "\u{1B}[?1049l")
            try #require(parts.count == 2 && parts[0].contains("\u{1B}[?1049h"), "\(text)")
            #expect(parts[1].contains("status 0") && parts[1].contains(" icanon ") && parts[1].contains(" echo "))
            // Each frame is drawn from the top.
            for frame in parts[0].components(separatedBy: "\u{1B}[H").dropFirst() {
                let lines = frame.replacing(/\u{1B}\[[0-9?]*[a-zA-Z]/, with: "").components(separatedBy: "\r\n")
                #expect(lines.count <= 12 && lines.allSatisfy { $0.columns <= 50 }, "\(lines)")
            }
        }
    }

    @Test("of several replicas it shows how many are used, and the largest lag")
    func replicas() throws {
        let text = """
            khata_replica_fault{replica="1",reason="unreachable"} 0
            khata_replica_fault{replica="1",reason="far-behind"} 0
            khata_replica_fault{replica="2",reason="unreachable"} 0
            khata_replica_fault{replica="2",reason="far-behind"} 1
            khata_component_seconds{component="replica-1:lag"} 0.25
            khata_component_seconds{component="replica-2:lag"} 4
            khata_component_items{component="replica-2:lag"} 77
            khata_component_items{component="relay:backlog"} 99
            """
        let scrape = Scrape(samples: try MetricSamples(parsing: Array(text.utf8)), at: .now)
        let figures = InstanceFigures(scrape, since: nil)
        #expect(figures.replicaLag(in: "seconds") == 4 && figures.replicaLag(in: "items") == 77)
        let view = TopView(rows: [.init(name: "shop:8081", state: .success(figures))])
        let lines = view.lines(Styling(isTerminal: false, environment: [:]))
        let row = try #require(lines.drop { !$0.contains("REPLICAS") }.dropFirst().first)
        #expect(row.contains(#/ 1 of 2 +4,000 +77 /#), "\(lines)")
    }

    @Test("columns, lines and texts that do not fit are left out")
    func narrow() throws {
        let text = """
            khata_http_requests_in_flight 12345
            khata_waiting_movements{lane="0"} 7
            khata_component_status{component="replica:lag"} 1
            khata_component_status{component="primary:responseTime"} 2
            khata_component_status{component="redis:memory"} 0
            """
        let scrape = Scrape(samples: try MetricSamples(parsing: Array(text.utf8)), at: .now)
        let view = TopView(rows: [
            .init(name: "shop:8081", state: .success(InstanceFigures(scrape, since: nil))),
            .init(name: "bazaar:8081", state: .failure(ScrapeFailure("it\u{1B}[2J responded with 500"))),
        ])
        let plain = Styling(isTerminal: false, environment: [:])
        let lines = view.lines(plain)
        #expect(
            lines.prefix(4) == [
                "shop:8081: primary:responseTime fails", "shop:8081: replica:lag warns",
                "bazaar:8081 is down: it\u{FFFD}[2J responded with 500", "",
            ])
        #expect(lines[4].hasSuffix("MIB"))
        #expect(view.isAnyDown)
        let narrow = view.lines(plain, width: 24, height: 6)
        #expect(narrow.count == 6 && narrow.allSatisfy { $0.columns <= 24 }, "\(narrow)")
        #expect(narrow.contains("INSTANCE   REQ/S  5XX %"), "\(narrow)")
        #expect(narrow.last?.hasPrefix("… ") == true)
        for (width, height) in [(1, 1), (3, 2), (0, 0), (5, 100)] {
            let tiny = view.lines(plain, width: width, height: height)
            #expect(tiny.count <= height && tiny.allSatisfy { $0.columns <= width }, "\(tiny)")
        }
    }

    @Test("rates and quantiles are of the time between two scrapes")
    func figures() throws {
        func scrape(_ text: String, at seconds: Int) throws -> Scrape {
            Scrape(samples: try MetricSamples(parsing: Array(text.utf8)), at: start + .seconds(seconds))
        }
        let start = ContinuousClock.now
        let name = "khata_http_request_duration_seconds"
        func counted(_ good: Int, _ bad: Int, _ quick: Int, hits: Int, misses: Int) -> String {
            """
            \(name)_count{status="200"} \(good)
            \(name)_count{status="503"} \(bad)
            \(name)_bucket{status="200",le="0.1"} \(quick)
            \(name)_bucket{status="200",le="1"} \(good)
            \(name)_bucket{status="200",le="+Inf"} \(good)
            khata_document_reads_total{result="hit"} \(hits)
            khata_document_reads_total{result="miss"} \(misses)
            khata_document_reads_total{result="uncached"} 500
            khata_commit_duration_seconds_count{lane="1"} \(good)
            khata_commit_commands_count{lane="1"} \(good)
            khata_commit_commands_sum{lane="1"} \(4 * good)
            khata_waiting_movements{lane="10"} 1
            khata_waiting_movements{lane="1"} 2

            """
        }
        let figures = InstanceFigures(
            try scrape(counted(1_090, 10, 1_000, hits: 190, misses: 20), at: 10),
            since: try scrape(counted(1_000, 0, 1_000, hits: 100, misses: 10), at: 0))
        #expect(figures.requestsPerSecond == 10)
        #expect(figures.failedPercent == 10)
        #expect(figures.requestSeconds(0.5) == 0.55)
        #expect(figures.hitPercent == 90)
        #expect(figures.lanes == ["1", "10"])
        #expect(figures.commitsPerSecond(in: "1") == 9 && figures.commandsPerCommit(in: "1") == 4)
        #expect(figures.commitsPerSecond(in: "10") == 0)
        #expect(figures.waiting == 3 && figures.movementsPerSecond == 0)
        let first = InstanceFigures(try scrape(counted(1_000, 0, 1_000, hits: 1, misses: 1), at: 0), since: nil)
        #expect(first.requestsPerSecond == nil && first.movementsPerSecond == nil && first.hitPercent == nil)
        #expect(first.waiting == 3)
    }

    /// Lends an instance on a file, and the address of its operator's port.
    private func withInstance(_ body: (_ khata: Program, _ ops: String) async throws -> Void) async throws {
        try await TestFile.with { file in
            let server = try Program(on: file).start(
                ["serve", "--port", "0", "--ops-port", "0"], log: file.folder.appending(path: "serve.log"))
            try await ServerTesting.closing({ server.kill() }) {
                try await eventually("it serves") {
                    let said = try server.said
                    return ["serving", "health and metrics", "Try: "].allSatisfy { said.contains($0) }
                }
                let said = try server.said
                let url = try #require(said.firstMatch(of: /serving url=(\S+)/)).output.1
                let ops = try #require(said.firstMatch(of: /health and metrics url=(\S+)/)).output.1
                let key = try #require(said.firstMatch(of: /khata_[0-9a-f]+_\w+/)).output
                let khata = Program(environment: ["KHATA_SERVER_URL": String(url), "KHATA_API_KEY": String(key)])
                try await body(khata, String(ops))
            }
        }
    }
}
