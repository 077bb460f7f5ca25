import Access
import Foundation
import Inventory
import LedgerTesting
import NIOHTTP1
import SQLiteLedger
import ServerTesting
import Testing

@Suite("khata webhook")
struct WebhookCommandTests {
    private static let settings = [
        "KHATA_WEBHOOKS_PLAIN_HTTP": "true", "KHATA_WEBHOOKS_ALLOWED_ADDRESSES": "127.0.0.1",
    ]

    private static func shop(_ file: TestFile) async throws {
        try await file.withLedger { ledger in
            _ = try await ledger.change(.createStore(StoreID(rawValue: 1), name: "Shop"), .clerk(1))
            _ = try await ledger.change(.createProduct(TestFile.sugar, ProductDetails(name: "Sugar")), .clerk(1))
        }
    }

    @Test("a webhook is created, tested, listed, rotated, disabled and deleted, and its secret is shown twice only")
    func lifecycle() async throws {
        try await TestFile.with { file in
            try await Self.shop(file)
            let khata = Program(on: file, Self.settings)
            try await ScriptedServer.with { number, _ in
                .answer(number == 0 ? 200 : 500, "")
            } _: { server, url in
                let made = try await khata.run(["webhook", "create", url, "--types", "khata.stock.moved.v1"])
                #expect(made.status == 0 && made.lines.count == 2, "\(made.errors)")
                let (id, secret) = (String(made.lines[0]), String(made.lines[1]))
                #expect(WebhookRecord.isID(id) && WebhookSecret(secret) != nil)
                let works = try await khata.run(["webhook", "test", id])
                #expect(works.status == 0 && works.output.contains(#""delivered":true,"status":200"#))
                let fails = try await khata.run(["webhook", "test", id])
                #expect(fails.status == 1 && fails.output.contains(#""status":500"#))
                #expect(server.requests.count == 2)

                let rotated = try await khata.run(["webhook", "rotate", id])
                #expect(rotated.lines.first.flatMap { WebhookSecret(String($0)) } != nil)
                let others = [
                    try await khata.run(["webhook", "list"]), try await khata.run(["webhook", "list", "--json"]),
                    try await khata.run(["webhook", "show", id]), try await khata.run(["webhook", "disable", id]),
                    try await khata.run(["webhook", "enable", id]),
                    try await khata.run(["webhook", "replay", id, "--store", "0", "--after", "0"]),
                ]
                for other in others {
                    #expect(other.status == 0 && other.output.contains(id), "\(other.errors)")
                    #expect(!(other.output + other.errors).contains("whsec_"))
                }
                for refused in [
                    ["create", "http://10.0.0.1"], ["create", "ftp://example.com"], ["create", url, "--stores", "9"],
                    ["show", "000000000000"], ["replay", id, "--store", "1", "--after", "7"],
                ] {
                    let outcome = try await khata.run(["webhook"] + refused)
                    #expect(outcome.status == 1 && outcome.errors.hasPrefix("khata: "), "\(refused)")
                }
                let noStore = try await khata.run(["webhook", "create", url, "--stores", "9"])
                #expect(noStore.errors == "khata: There is no store 9: `khata store list` shows the stores.\n")
                #expect(try await khata.run(["webhook", "create", url, "--types", "x"]).status == 2)
                #expect(try await khata.run(["webhook", "delete", id]).status == 0)
                #expect(try await khata.run(["webhook", "delete", id]).errors.contains("no webhook \(id)"))
                #expect(try await khata.run(["audit", "verify"]).status == 0)
            }
        }
    }

    @Test("webhooks are managed through a server too, with the same words, and the list says what fails")
    func server() async throws {
        try await TestFile.with { file in
            try await ServedShop.with(file, Self.settings) { shop in
                try await ScriptedServer.with { _, _ in
                    .answer(503, "")
                } _: { receiver, url in
                    let (there, here) = (shop.khata, Program(on: file, Self.settings))
                    let made = try await there.run(["webhook", "create", url, "--stores", "1"])
                    #expect(made.status == 0 && made.lines.count == 2, "\(made.errors)")
                    let id = String(made.lines[0])
                    #expect(try await there.run(["webhook", "list"]).output.contains("delivers"))
                    #expect(try await there.run(["webhook", "test", id]).status == 1)
                    #expect(try await there.run(["product", "add", "Tea"]).status == 0)
                    for _ in 0..<2 { #expect(try await there.run(["move", "in", "Tea", "1"]).status == 0) }
                    var list = ""
                    try await eventually("the failure is there") {
                        list = try await there.run(["webhook", "list", "--json"]).output
                        return list.contains(#""failing_stores":1"#)
                    }
                    #expect(list.contains(#""behind":2,"#) && list.contains("the receiver responded with 503"))
                    #expect(try await here.run(["webhook", "list", "--json"]).output == list)
                    let table = try await there.run(["webhook", "list"]).output
                    #expect(table.contains("1 stores fail, next attempt") && table.contains("responded with 503"))

                    let rotated = try await there.run(["webhook", "rotate", id, "--overlap-hours", "1"])
                    #expect(rotated.lines.first.flatMap { WebhookSecret(String($0)) } != nil, "\(rotated.errors)")
                    for command in [
                        ["disable", id], ["enable", id], ["replay", id, "--store", "1", "--after", "1"], ["show", id],
                    ] {
                        let done = try await there.run(["webhook"] + command)
                        #expect(done.status == 0 && done.output.contains(id), "\(command): \(done.errors)")
                    }
                    for refused in [
                        ["create", "ftp://example.com"], ["replay", id, "--store", "1", "--after", "7"],
                        ["replay", id, "--store", "2", "--after", "0"], ["show", "000000000000"],
                    ] {
                        let outcome = try await there.run(["webhook"] + refused)
                        #expect(outcome.status == 1 && outcome.errors.contains("khata: "), "\(refused)")
                    }
                    #expect(try await there.run(["webhook", "show", "x"]).status == 2)
                    #expect(try await there.run(["webhook", "delete", id]).status == 0)
                    #expect(try await here.run(["webhook", "list", "--json"]).output.contains(#""items":[]"#))
                }
            }
        }
    }

    @Test("a service that is killed again and again sends every event, in order, and only the same ones twice")
    func kills() async throws {
        try await TestFile.with { file in
            try await Self.shop(file)
            // Another process takes over within some seconds.
            let khata = Program(on: file, Self.settings.merging(["KHATA_WEBHOOKS_TIMEOUT_SECONDS": "1"]) { $1 })
            let log = file.folder.appending(path: "serve.log")
            try await ScriptedServer.with { _, _ in
                .answer(200, "")
            } _: { server, url in
                let made = try await khata.run(["webhook", "create", url, "--stores", "1"])
                #expect(made.status == 0, "\(made.errors)")
                try await file.withLedger { ledger in
                    for _ in 0..<200 { _ = try await ledger.record(.moving(.stockIn, 1, TestFile.sugar), .clerk(2)) }
                }
                for share in 1...3 {
                    let running = try khata.start(["serve", "--port", "0", "--ops-port", "0"], log: log)
                    try await eventually("some arrive: \((try? running.said) ?? "")") {
                        server.requests.count > share * 30
                    }
                    running.kill()
                    _ = try await running.end()
                }
                let running = try khata.start(["serve", "--port", "0", "--ops-port", "0"], log: log)
                func ids() -> [String] { server.requests.compactMap { $0.headers["webhook-id"].first } }
                try await eventually("all arrive") { Set(ids()).count >= 200 }
                // The one before may have sent everything before it was killed.
                try await eventually("it can be told to stop") { try running.said.contains("Try: ") }
                running.kill(SIGTERM)
                #expect(try await running.end().status == 0)
                var first: [String] = []
                for id in ids() where !first.contains(id) { first.append(id) }
                #expect(first.map { $0.split(separator: "-")[1] } == (1...200).map { "\($0)" })
            }
        }
    }
}

@Suite("khata events")
struct EventsCommandTests {
    @Test("the feed is printed line by line, from a position on")
    func tail() async throws {
        try await TestFile.withFullShop { file in
            let khata = Program(on: file)
            let all = try await khata.run(["events", "tail", "--after", "0", "--no-follow"])
            #expect(all.status == 0, "\(all.errors)")
            let some = try await khata.run(["events", "tail", "--store", "1", "--after", "3", "--no-follow"])
            #expect(some.lines.first?.contains(#""source":"/stores/1""#) == true)
            #expect(some.lines.first?.contains(#""sequence":"0000000000000004""#) == true)
            #expect(Set(some.lines).isSubset(of: Set(all.lines)) && some.lines.count < all.lines.count)
            for line in all.lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            #expect(try await khata.run(["events", "tail", "--no-follow"]).output.isEmpty)
            #expect(try await khata.run(["events", "tail", "--after", "3"]).status == 2)
            #expect(try await khata.run(["events", "tail", "--store", "1", "--after", "x"]).status == 1)
            #expect(try await khata.run(["events", "tail", "--store", "77", "--no-follow"]).status == 1)
            let beyond = try await khata.run(["events", "tail", "--store", "1", "--after", "9999"])
            let last = try #require(all.lines.last { $0.contains(#""source":"/stores/1""#) })
            let end = try #require(last.split(separator: #""sequence":""#).last?.prefix(16)).drop { $0 == "0" }
            #expect(beyond.status == 1 && beyond.errors.contains("has no position 9999: its last one is \(end)."))
            let foreign = try await khata.run([
                "events", "tail", "--store", "1", "--after", "3-0123456789abcdef", "--no-follow",
            ])
            #expect(foreign.status == 1 && foreign.errors.contains("event at position 3 than 3-0123456789abcdef"))
            let latest = try await khata.run(["events", "tail", "--after", "latest", "--no-follow"])
            #expect(latest.status == 0 && latest.output.isEmpty, "\(latest.errors)")
            let follows = try await khata.run(
                ["events", "tail", "--store", "1", "--after", "3"], until: String(some.lines[0]))
            #expect(follows.lines.first == some.lines.first)
        }
    }

    @Test("a server's feed is the same")
    func server() async throws {
        try await TestFile.with { file in
            try await ServedShop.with(file) { shop in
                _ = try await shop.khata.run(["product", "add", "Tea"])
                for _ in 0..<3 { _ = try await shop.khata.run(["move", "in", "Tea", "1"]) }
                let local = Program(on: file)
                for arguments in [
                    ["--after", "0"], ["--store", "1", "--after", "1"], ["--store", "0", "--after", "0"],
                ] {
                    let tail = ["events", "tail", "--no-follow"] + arguments
                    let (there, here) = (try await shop.khata.run(tail), try await local.run(tail))
                    #expect(there.status == 0 && there.lines.sorted() == here.lines.sorted(), "\(there.errors)")
                    #expect(there.lines.count >= 2)
                }
                let missing = try await shop.khata.run(["events", "tail", "--no-follow", "--store", "9"])
                #expect(missing.status == 1)
                let beyond = try await shop.khata.run(["events", "tail", "--store", "1", "--after", "4"])
                #expect(beyond.status == 1 && beyond.errors.contains("has no position 4: its last one is 3."))
                let foreign = try await shop.khata.run([
                    "events", "tail", "--store", "1", "--after", "2-0123456789abcdef",
                ])
                #expect(foreign.status == 1 && foreign.errors.contains("Store 1 has another event at position 2 than"))
            }
        }
    }

    @Test("a signal ends it at once, while it follows and while the server does not respond")
    func signals() async throws {
        try await TestFile.withFullShop { file in
            let log = file.folder.appending(path: "tail.log")
            for signal in [SIGINT, SIGTERM] {
                let running = try Program(on: file).start(["events", "tail", "--after", "0"], log: log)
                try await eventually("it follows") { try running.said.contains("/stores/1") }
                running.kill(signal)
                let ended = try await running.end()
                #expect(ended.status == signal && !ended.errors.contains("khata:"), "\(ended.errors)")
            }
            try await ScriptedServer.with { _, _ in
                .silence
            } _: { server, url in
                let khata = Program(environment: ["KHATA_SERVER_URL": url, "KHATA_API_KEY": "key"])
                for signal in [SIGINT, SIGTERM] {
                    let before = server.requests.count
                    let running = try khata.start(["events", "tail"], log: log)
                    try await eventually("it asks") { server.requests.count > before }
                    running.kill(signal)
                    #expect(try await running.end().status == signal)
                }
            }
        }
    }

    @Test("goes on where it was when the server comes back, however often it has to try")
    func restart() async throws {
        @Sendable func page(_ position: Int) -> ScriptedServer.Reply {
            .answer(200, #"{"items":[{"sequence":\#(position)}],"next_after":\#(position),"next_id":"\#(position)-a"}"#)
        }
        try await ScriptedServer.with { number, _ in
            // More often than a request is tried.
            switch number {
            case 0: page(1)
            case 1...7: .hangUp
            default: page(number)
            }
        } _: { server, url in
            let khata = Program(environment: ["KHATA_SERVER_URL": url, "KHATA_API_KEY": "key"])
            let follows = try await khata.run(["events", "tail", "--store", "1"], until: #"{"sequence":8"#)
            #expect(follows.lines.first == #"{"sequence":1}"#)
            #expect(server.requests[1...8].allSatisfy { $0.target.contains("after=1-a") })
        }
    }
}
