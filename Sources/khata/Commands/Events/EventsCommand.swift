import ArgumentParser
import Inventory
import JSON
import RemoteLedger
import StockEvents

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Follows what happens in the stores.", subcommands: [Tail.self])

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints events as they happen, one in each line, as JSON, until it is stopped.")

        @OptionGroup var options: ShopOptions

        @Option(help: "The store; 0 is the catalog (default: all stores and the catalog).")
        var store: Int64?

        @Option(
            help: """
                Where to begin: a position or the id of an event with --store, 0 for the beginning, or latest (default: what \
                happens from now on).
                """)
        var after: String?

        @Flag(help: "End when there are no more events.")
        var noFollow = false

        func validate() throws {
            guard after == nil || ["0", "latest"].contains(after) || store != nil else {
                throw ValidationError("A position belongs to one store: name it with --store.")
            }
        }

        func run() async throws {
            let shop = try await options.shop()
            guard !shop.isOnServer else {
                return try await shop.open(isInBulk: true) { ledger in
                    guard let server = ledger as? RemoteLedger else { return }
                    try await namingStart { hasBegun in
                        try await print(from: server, &hasBegun)
                    } end: { store in
                        let end = try await server.changes(of: store, after: "latest", wait: .zero)
                        return ChangeCursor(end.next, of: store)
                    }
                }
            }
            try await withLedger(shop.settings) { ledger in
                let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
                // Signals end it at once, as they end any program that has nothing to finish.
                try await running(feed, shop.settings.logger()) {
                    try await namingStart { hasBegun in
                        try await print(from: feed, &hasBegun)
                    } end: { store in
                        try await feed.end(of: .only([store]))
                    }
                }
            }
        }

        /// A ledger that does not have the event after which somebody wants to begin need not go on from another copy.
        /// - Parameter body: Told whether events were read.
        private func namingStart(
            _ body: (inout Bool) async throws -> Void, end: (StoreID) async throws -> ChangeCursor?
        ) async throws {
            var hasBegun = false
            do {
                try await body(&hasBegun)
            } catch LedgerError.historyChanged {
                guard !hasBegun, let store = store.map(StoreID.init(rawValue:)), let after,
                    let start = ChangeCursor(after, of: store)?.position(of: store),
                    let end = try await end(store)?.position(of: store)
                else { throw LedgerError.historyChanged }
                throw Failure(
                    end < start
                        ? "Store \(store) has no position \(start): its last one is \(end). "
                            + "`--after \(end)` begins with the next."
                        : "Store \(store) has another event at position \(start) than \(after): that was of another copy of "
                            + "the ledger, or of another shop. `--after \(start)` begins with the next.")
            }
        }

        private static let wait = Duration.seconds(20)
        private static let pause = Duration.seconds(1)

        private func print(from server: RemoteLedger, _ hasBegun: inout Bool) async throws {
            var next = after ?? "latest"
            // Of several ledgers, the server's beginning has no name.
            if store == nil, next == "0" { next = "" }
            while true {
                let page: (events: [String], next: String)
                do throws(LedgerError) {
                    page = try await server.changes(
                        of: store.map(StoreID.init(rawValue:)), after: next, wait: noFollow ? .zero : Self.wait)
                } catch {
                    // A restart may take longer than a request is tried again.
                    guard hasBegun, !noFollow, error.isTransient else { throw error }
                    try await Task.sleep(for: Self.pause)
                    continue
                }
                hasBegun = true
                for event in page.events { try StandardOutput.write(event + "\n") }
                if noFollow, page.events.isEmpty { return }
                next = page.next
            }
        }

        private func print(from feed: ChangeFeed, _ hasBegun: inout Bool) async throws {
            let scope = store.map { StoreScope.only([StoreID(rawValue: $0)]) } ?? .all
            var cursor = try await start(of: feed, scope)
            while true {
                let page = try await feed.page(
                    after: cursor, of: scope, limit: 1_000, until: .now + (noFollow ? .zero : Self.wait))
                hasBegun = true
                for event in page.events {
                    try StandardOutput.write(String(json: { event.write(to: &$0) }) + "\n")
                }
                if noFollow, page.events.isEmpty { return }
                cursor = page.cursor
            }
        }

        private func start(of feed: ChangeFeed, _ scope: StoreScope) async throws -> ChangeCursor {
            guard let after, after != "latest" else { return try await feed.end(of: scope) }
            guard let store, after != "0" else { return ChangeCursor() }
            guard let cursor = ChangeCursor(after, of: StoreID(rawValue: store)) else {
                throw Failure("\(after) is neither a position nor the id of an event.")
            }
            return cursor
        }
    }
}

extension LedgerError {
    /// Whether a server that restarts says so.
    fileprivate var isTransient: Bool {
        switch self {
        case .unavailable, .overloaded: true
        default: false
        }
    }
}
