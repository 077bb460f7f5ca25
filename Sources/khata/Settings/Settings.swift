import Inventory
import InventoryHTTP
import Logging
import Postgres
import PostgresLedger
import RateLimiting
import SQLiteLedger

/// Everything that can be set, with its default. `config/khata.yaml` explains each.
struct Settings {
    var bind = "127.0.0.1"
    var port = 8080
    var opsPort = 8081
    /// The store that is meant when none is named.
    var defaultStoreID = StoreID(rawValue: 1)
    var storage: Storage
    var warmConcurrency = 4
    var recentDocumentBytes = 64 << 20
    /// Where the commands of people work, if not here: `serve` takes no notice of it.
    var serverURL: String?
    var hasAPIKey = false
    var ledger = LedgerLimits()
    var limits = Limits()
    /// `nil`: rates are not limited.
    var rates: RatePolicies? = RatePolicies()
    var proxies = TrustedProxies()
    var certificate: CertificateFiles?
    var cors: CORSPolicy?
    var access = AccessSettings()
    var logLevel = Logger.Level.info

    /// Where the ledger is kept.
    enum Storage {
        case servers(Servers)
        /// A file of SQLite, in this process: nothing else is needed.
        case file(String)
    }

    struct Servers {
        var primaryURL: String
        var replicaURL: String?
        var redisURL: String?
    }
}

extension Settings {
    /// - Throws: `SettingsError`.
    init(_ source: SettingsSource) throws(SettingsError) {
        try self.init(source, storage: try Storage(source))
    }

    /// - Parameter storage: Where the ledger is kept, whatever the source says of that.
    /// - Throws: `SettingsError`.
    init(_ source: SettingsSource, storage: Storage) throws(SettingsError) {
        self.init(storage: storage)
        warmConcurrency = try source.integer(.warmConcurrency, in: Self.warmConcurrencies) ?? warmConcurrency
        recentDocumentBytes = try source.integer(.recentDocumentBytes, in: 0...(64 << 30)) ?? recentDocumentBytes
        serverURL = try source.text(.serverURL)
        hasAPIKey = try source.text(.apiKey) != nil
        bind = try source.text(.bind) ?? bind
        port = try source.integer(.port, in: 0...65_535) ?? port
        opsPort = try source.integer(.opsPort, in: 0...65_535) ?? opsPort
        defaultStoreID = try StoreID(defaultIn: source)
        ledger.lanes = try source.integer(.lanes, in: 1...64) ?? ledger.lanes
        ledger.write.commandsPerTransaction =
            try source.integer(.commandsPerTransaction, in: 1...10_000) ?? ledger.write.commandsPerTransaction
        ledger.write.linesWaiting =
            try source.integer(.movementsWaiting, in: 1_000...10_000_000) ?? ledger.write.linesWaiting
        ledger.primaryReadConnections =
            try source.integer(.primaryReadConnections, in: 1...1_000) ?? ledger.primaryReadConnections
        ledger.replicaConnections =
            try source.integer(.replicaConnections, in: 1...1_000) ?? ledger.replicaConnections
        ledger.waitingReads = try source.integer(.readsWaiting, in: 1...1_000_000) ?? ledger.waitingReads
        ledger.servesUnproven = try source.choice(.unprovenReads, of: ["refuse", "serve"]) == "serve"
        limits.bodyBytes = try source.integer(.bodyBytes, in: 1_024...(64 << 20)) ?? limits.bodyBytes
        limits.headerBytes = try source.integer(.headerBytes, in: 1_024...(1 << 20)) ?? limits.headerBytes
        limits.quantity =
            try source.integer(.quantity, in: 1...Int(Quantity.maximum)).map(Int64.init) ?? limits.quantity
        limits.nameCharacters = try source.integer(.nameCharacters, in: 1...10_000) ?? limits.nameCharacters
        limits.noteCharacters = try source.integer(.noteCharacters, in: 1...10_000) ?? limits.noteCharacters
        limits.batch = try source.integer(.batch, in: 1...10_000) ?? limits.batch
        limits.page = try source.integer(.page, in: 1...10_000) ?? limits.page
        rates = try RatePolicies(source)
        proxies = try TrustedProxies(source)
        limits.connections = try ConnectionLimits(source)
        certificate = try Self.certificate(source)
        cors = try Self.cors(source)
        access = try AccessSettings(source)
        if let level = try source.text(.logLevel) {
            guard let level = Logger.Level(rawValue: level) else {
                throw SettingsError(
                    "log.level is \(level): use one of "
                        + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
            }
            logLevel = level
        }
    }

    static let warmConcurrencies = 1...64

    /// For a ledger in a file.
    var ledgerFile: LedgerFileLimits {
        var limits = LedgerFileLimits()
        limits.write = ledger.write
        limits.waitingReads = ledger.waitingReads
        return limits
    }

    func connection(_ url: String, of key: SettingKey) throws(SettingsError) -> ConnectionConfiguration {
        do {
            return try ConnectionConfiguration(url, applicationName: "khata", isReadOnly: key == .replicaURL)
        } catch {
            throw SettingsError("\(key.rawValue) is not a connection string of PostgreSQL: \(error)")
        }
    }
}

extension StoreID {
    /// - Throws: `SettingsError`.
    init(defaultIn source: SettingsSource) throws(SettingsError) {
        self.init(rawValue: Int64(try source.integer(.defaultStoreID, in: 1...Int(maximumJSONInteger)) ?? 1))
    }
}

extension Settings.Storage {
    fileprivate init(_ source: SettingsSource) throws(SettingsError) {
        guard let file = try source.text(.sqliteFile) else {
            guard let primaryURL = try source.text(.primaryURL) else {
                throw SettingsError(
                    "no database is configured: set KHATA_PRIMARY_URL, or primary.url in the configuration file, to a "
                        + "PostgreSQL connection string such as postgresql://khata@localhost/khata; name a "
                        + "file with --sqlite, to keep everything in it; or, to work on the shop of a Khata server, set "
                        + "KHATA_SERVER_URL and KHATA_API_KEY")
            }
            self = .servers(
                .init(
                    primaryURL: primaryURL, replicaURL: try source.text(.replicaURL),
                    redisURL: try source.text(.redisURL)))
            return
        }
        for key in [SettingKey.primaryURL, .replicaURL, .redisURL] where try source.text(key) != nil {
            throw SettingsError(
                "sqlite.file and \(key.rawValue) are both set: a ledger in a file takes no servers, so unset one of them"
            )
        }
        self = .file(file)
    }
}

/// The names of the settings: `ops.port` is `port` under `ops` in the file, and KHATA_OPS_PORT in the environment.
enum SettingKey: String, CaseIterable {
    case bind
    case port
    case opsPort = "ops.port"
    case defaultStoreID = "default_store_id"
    case primaryURL = "primary.url"
    case primaryReadConnections = "primary.read_connections"
    case replicaURL = "replica.url"
    case replicaConnections = "replica.connections"
    case redisURL = "redis.url"
    case recentDocumentBytes = "cache.recent_document_bytes"
    case warmConcurrency = "cache.warm_concurrency"
    case sqliteFile = "sqlite.file"
    case serverURL = "server.url"
    case apiKey = "api_key"
    case lanes = "write.lanes"
    case commandsPerTransaction = "write.commands_per_transaction"
    case movementsWaiting = "write.movements_waiting"
    case readsWaiting = "read.waiting"
    case unprovenReads = "read.unproven"
    case bodyBytes = "limits.body_bytes"
    case headerBytes = "limits.header_bytes"
    case quantity = "limits.quantity"
    case nameCharacters = "limits.name_characters"
    case noteCharacters = "limits.note_characters"
    case batch = "limits.batch"
    case page = "limits.page"
    case limitsRates = "rate_limits.enabled"
    case readsPerSecond = "rate_limits.reads_per_second"
    case readsBurst = "rate_limits.reads_burst"
    case writesPerSecond = "rate_limits.writes_per_second"
    case writesBurst = "rate_limits.writes_burst"
    case addressPerSecond = "rate_limits.address_per_second"
    case addressBurst = "rate_limits.address_burst"
    case readerReads = "rate_limits.reader.reads_per_second"
    case readerWrites = "rate_limits.reader.writes_per_second"
    case clerkReads = "rate_limits.clerk.reads_per_second"
    case clerkWrites = "rate_limits.clerk.writes_per_second"
    case managerReads = "rate_limits.manager.reads_per_second"
    case managerWrites = "rate_limits.manager.writes_per_second"
    case adminReads = "rate_limits.admin.reads_per_second"
    case adminWrites = "rate_limits.admin.writes_per_second"
    case trustedProxies = "proxies.trusted"
    case connections = "connections.total"
    case connectionsPerAddress = "connections.per_address"
    case requestsPerConnection = "connections.requests"
    case idleSeconds = "connections.idle_seconds"
    case handshakeSeconds = "connections.handshake_seconds"
    case headSeconds = "connections.head_seconds"
    case bodySeconds = "connections.body_seconds"
    case answerSeconds = "connections.answer_seconds"
    case bytesPerSecond = "connections.bytes_per_second"
    case certificateFile = "tls.certificate_file"
    case keyFile = "tls.key_file"
    case corsOrigins = "cors.origins"
    case basicEnabled = "basic.enabled"
    case basicWaiting = "basic.waiting"
    case tokenKeysFile = "jwt.jwks_file"
    case tokenSecret = "jwt.hs256_secret"
    case tokenSecretID = "jwt.hs256_kid"
    case tokenIssuer = "jwt.issuer"
    case tokenAudience = "jwt.audience"
    case tokenLeeway = "jwt.leeway_seconds"
    case logLevel = "log.level"

    /// Never shown; may also come from a file, as KHATA_PRIMARY_URL_FILE or `primary.url_file`.
    var isSecret: Bool { [.primaryURL, .replicaURL, .redisURL, .tokenSecret, .apiKey].contains(self) }
}

struct SettingsError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
