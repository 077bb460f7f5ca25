import ArgumentParser
import Inventory
import InventoryHTTP
import PostgresLedger
import Redis
import RemoteLedger
import SQLiteLedger
import StockCache
import StockEvents
import Webhooks

/// A ledger for the shop's commands, wherever it is.
typealias ShopLedger = StockReading & StockWriting & StoredStateReading

/// The shop that a command works on.
struct Shop: Sendable {
    /// The location of its ledger: the only place that distinguishes the kinds.
    enum Place: Sendable {
        /// Behind a Khata server.
        case server(ServerAddress, key: String)
        /// In the configured database.
        case database(Settings.Servers)
        /// In an SQLite file, which this process opens.
        case file(String)
    }

    let place: Place
    let settings: Settings
    /// The default store.
    var defaultStore: StoreID { settings.defaultStoreID }

    /// Opens the ledger while `body` uses it.
    /// - Parameters:
    ///   - checksAll: Whether the whole file is checked for damage first, however large.
    ///   - isInBulk: Whether requests may use up a server's rate: then each waits for permits.
    /// - Throws: `Failure`, readable, for errors of the ledger.
    func open<T: Sendable>(
        checksAll: Bool = false, isInBulk: Bool = false, _ body: @Sendable (any ShopLedger) async throws -> T
    ) async throws -> T {
        do {
            switch place {
            case .server(let address, let key):
                let retries = RetryPolicy(maximumRateLimitWait: isInBulk ? .seconds(300) : .zero)
                return try await RemoteLedger.with(address, key: key, retries: retries, observer: RetryNotes()) {
                    ledger in
                    try await body(ledger)
                }
            case .database, .file:
                return try await withLedger(settings, checksAll: checksAll) { ledger in try await body(ledger) }
            }
        } catch LedgerError.unavailable {
            throw Failure("\(name) cannot be reached. Nothing was changed. \(advice)")
        } catch let error as LedgerError {
            throw Failure(error.explained())
        }
    }

    /// The health of its components: without a server, what this process can know. A file is read whole, however large.
    func health() async throws -> [ComponentHealth] {
        switch place {
        case .server(let address, let key):
            return try await RemoteLedger.with(address, key: key, observer: RetryNotes()) { await $0.health() }
        case .database(let servers):
            let logger = settings.logger()
            let ledger = try settings.ledger(on: servers, logger)
            // No checks first: a database that is down, or has another schema, also has a health.
            let redis = try settings.redisClient(on: servers, settings.connectionLogger())
            let checks = try await running(ledger, logger) {
                async let databases = ServiceHealth(ledger: ledger, cache: nil).health()
                async let cached = redis?.health()
                async let backlog = servers.amqpURL == nil ? [] : EventPublisher.backlog(of: ledger)
                async let webhooks = WebhookDeliveries.health(of: ledger)
                async let reconciled = Reconciler.health(
                    of: ledger, hasDocuments: redis != nil, settings.reconciliation)
                return await databases + (cached ?? []) + backlog + webhooks + reconciled
            }
            await redis?.close()
            return checks
        case .file(let path):
            let logger = settings.logger()
            let ledger = try await settings.ledger(in: path, .asItIs, logger)
            return try await running(ledger, logger) {
                // The ledger's health reports damage found by this.
                try? await ledger.check()
                return await ledger.health() + WebhookDeliveries.health(of: ledger)
                    + Reconciler.health(of: ledger, hasDocuments: false, settings.reconciliation)
            }
        }
    }

    /// Whether the ledger is only accessible through a server's API.
    var isOnServer: Bool {
        if case .server = place { true } else { false }
    }

    private var name: String {
        switch place {
        case .server(let address, _): "\(address)"
        case .database: "The database"
        case .file(let path): path
        }
    }

    private var advice: String {
        switch place {
        case .server: "Is it the right address (--server, KHATA_SERVER_URL), and does the server run?"
        case .database, .file: "`khata config check` says what is wrong."
        }
    }
}

extension Shop.Place {
    fileprivate init(_ storage: Settings.Storage) {
        switch storage {
        case .servers(let servers): self = .database(servers)
        case .file(let path): self = .file(path)
        }
    }
}

/// The options of every command that works on a shop.
struct ShopOptions: ParsableArguments {
    @OptionGroup var options: SettingsOptions

    @Option(
        help: ArgumentHelp(
            "Work on the shop of this Khata server (also KHATA_SERVER_URL), instead of a database or file.",
            valueName: "url"))
    var server: String?

    @Option(
        name: .customLong("api-key"),
        help: ArgumentHelp(
            "The server's API key; prefer KHATA_API_KEY, which other users cannot see.", valueName: "key"))
    var apiKey: String?

    func validate() throws {
        guard server == nil || options.primaryURL == nil && options.sqlite == nil else {
            throw ValidationError("A shop is on a server, in a database or in a file: name one of them.")
        }
    }

    /// Flags first, then a configured server, then a database or file.
    func shop() async throws -> Shop {
        var flags: [String: String] = [:]
        flags["server.url"] = server
        flags["api_key"] = apiKey
        let settings = try await options.settings(flags)
        let namesDatabase = options.primaryURL != nil || options.sqlite != nil
        guard !namesDatabase, let address = try settings.serverAddress else {
            return Shop(place: Shop.Place(try settings.storage), settings: settings)
        }
        guard let key = settings.apiKey, !key.isEmpty else {
            throw SettingsError(
                "\(address) needs an API key: set KHATA_API_KEY to one that `khata key create` made")
        }
        return Shop(place: .server(address, key: key), settings: settings)
    }
}

/// Shows why a command is waiting.
struct RetryNotes: RemoteLedgerObserver {
    func observe(_ observation: RemoteLedgerObservation) {
        switch observation {
        case .retried(let reason, _): printError("khata: \(reason). Trying again …")
        case .gaveUp(let reason): printError("khata: \(reason)")
        }
    }
}
