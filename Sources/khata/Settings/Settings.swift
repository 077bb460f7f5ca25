import Foundation
import Inventory
import InventoryHTTP
import Logging
import Postgres
import PostgresLedger
import RateLimiting
import SQLiteLedger

/// All settings, with their defaults. The extensions of this type declare them, one for each part of config/khata.yaml.
struct Settings {
    var bind = "127.0.0.1"
    var port = 8080
    var opsBind = "127.0.0.1"
    var opsPort = 8081
    /// The default store.
    var defaultStoreID = StoreID(rawValue: 1)
    var primaryURL: String?
    /// For migrations; all other commands run with any role.
    var servingRole: String?
    var replicaURL: String?
    var replicaURLs: String?
    var redisURL: String?
    var amqpURL: String?
    var takesCommands = true
    var kafka = KafkaSettings()
    var commandPrefetch = 1_000
    var recentDocumentBytes = 64 << 20
    var warmConcurrency = 4
    var sqliteFile: String?
    /// The server for the shop's commands; `serve` ignores it.
    var serverURL: String?
    var apiKey: String?
    var ledger = LedgerLimits()
    var limits = HTTPLimits()
    var limitsRates = true
    var rates = RatePolicies()
    var trustedProxies: String?
    var certificateFile: String?
    var certificateKeyFile: String?
    var corsOrigins: String?
    var access = AccessSettings()
    var webhooks = WebhookSettings()
    /// 0: never.
    var reconciliationHours = 24
    var reconciliationLoadPercent = 5
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text
    /// One in this many is logged; 0: none.
    var loggedRequests = 0
    var traces = TraceSettings()

    /// Files with secrets that every user of the machine can read.
    private(set) var exposedFiles: [String] = []

    /// Every setting, in the order of config/khata.yaml.
    static let all =
        listening + databases + kafkaCluster + cache + shops + writing + reading + inputLimits + rateLimits
        + connections + tls
        + access + webhooks + reconciliation + log + tracing

    @SettingsBuilder
    private static var listening: [Setting] {
        Setting("bind", \.bind, "The address to listen on. 0.0.0.0 means every IPv4 address of the machine.")
        Setting("port", \.port, in: 0...65_535, "The port of the API. 0 means any free port.")
        Setting(
            "ops.port", \.opsPort, in: 0...65_535,
            """
            The port of the health endpoints and metrics for operators. It never uses TLS: its clients (a load balancer, a
            monitor) have no key to protect, and need a response even if a certificate has expired.
            """)
        Setting(
            "ops.bind", \.opsBind,
            """
            The address of that port. /health and /metrics on it tell anyone who reaches it how the databases are and how
            much is sold, so it is not `bind`. A load balancer, or a probe from outside of a container, needs an address
            that it reaches, in a network that only operators reach; or it uses /readyz on the API's port.
            """)
        Setting(
            "default_store_id", \.defaultStoreID, in: 1...Int(maximumJSONInteger),
            """
            The default store, on the command line and in the routes of the first versions, POST /stock/move and GET
            /stock/{product}.
            """)
    }

    @SettingsBuilder
    private static var log: [Setting] {
        Setting("log.level", \.logLevel, "trace, debug, info, notice, warning, error or critical.")
        Setting(
            "log.format", \.logFormat,
            """
            text: lines such as `2026-11-22T16:00:00.123456Z notice khata: serving url=http://127.0.0.1:8080`. json: an
            object in each line, with `time`, `level`, `message` and what belongs to it.
            """)
        Setting(
            "log.requests", \.loggedRequests, in: 0...1_000_000,
            """
            1: each request of the API is logged, at the level info, with its id, principal, route, status, duration, cache
            status and position. 1000: one in a thousand. 0: none. Failures and refusals are logged in any case.
            """)
    }
}

extension Settings {
    /// - Throws: `SettingsError`, also for incompatible settings.
    init(_ source: SettingsSource) throws(SettingsError) {
        self.init()
        for setting in Self.all { try setting.read(from: source, into: &self) }
        try checkBursts(source)
        try checkBodies()
        try access.check()
        try checkTraces()
        exposedFiles = (source.secretFiles + [certificateKeyFile, sqliteFile].compactMap(\.self)).filter(isExposed)
        _ = try serverAddress
        _ = (try proxies, try cors, try certificate, try webhookSender)
    }
}

/// Whether every user of the machine can read a file. For settings only a warning: containers mount secrets with mode 0644, and
/// there nobody else is.
func isExposed(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath)
    return (attributes?[.posixPermissions] as? Int).map { $0 & 0o004 != 0 } ?? false
}

struct SettingsError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
