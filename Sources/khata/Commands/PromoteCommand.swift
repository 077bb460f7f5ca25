import ArgumentParser
import Inventory
import Logging
import Postgres
import PostgresLedger
import SQLiteLedger

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Moves a shop from its file into a PostgreSQL database.",
        discussion: """
            Everything moves: the history of all stores with its positions, times and audit chain, the catalog, keys, \
            users, and the records of idempotency keys. The database must be empty; it gets Khata's schema if it has \
            none.

            The shop may be open meanwhile. During the last part the file accepts no changes; once the database has \
            been compared with it and is open, the file records the new location, and can only be read.

            If it is interrupted, the same command resumes. After the move, it compares again.
            """)

    @Argument(help: "The shop's file.", completion: .file())
    var file: String

    @Argument(
        help: ArgumentHelp(
            "The database's connection string (default: primary.url; prefer KHATA_PRIMARY_URL, which other users cannot "
                + "see).", valueName: "url"))
    var database: String?

    @Option(name: .customLong("config"), help: "The configuration file (default: config/khata.yaml, if it exists).")
    var configurationFile: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let flags = database.map { ["primary.url": $0] } ?? [:]
        let settings = try Settings(try await SettingsSource(flags: flags, file: configurationFile))
        guard let url = settings.primaryURL else {
            throw SettingsError("no database is named: set KHATA_PRIMARY_URL to the one that the shop is to move into")
        }
        // Replicas and caches of the database need no further steps.
        let summary = try await promote(to: Settings.Servers(primaryURL: url), settings)
        print(json ? summary.json : summary.text)
        guard summary.differences.isEmpty else {
            throw Failure(
                "the database does not hold what \(file) holds:\n" + summary.differences.joined(separator: "\n")
                    + "\nIf it is not in use, make it again, empty and by the same name, and run the same command.")
        }
    }

    private func promote(to servers: Settings.Servers, _ settings: Settings) async throws -> PromotionSummary {
        var logger = settings.logger()
        logger.logLevel = max(logger.logLevel, .warning)
        let configuration = try settings.promotionConnection(servers)
        let pool = Pool(
            configuration, maximumConnections: 1, maximumWaiting: 1, waitTimeout: .seconds(60), logger: logger)
        let (shop, ledger) = (
            try await settings.ledger(in: file, .asItIs, logger), try settings.ledger(on: servers, logger)
        )
        let promotion = Promotion(
            file: shop, target: PromotionTarget(pool), schema: Schema(pool), ledger: ledger,
            targetName: "\(configuration)", servingRole: settings.servingRole
        )
        do {
            return try await closing(pool.close) {
                try await interruptible([shop, ledger], logger) { try await promotion.run() }
            }
        } catch {
            throw Failure(promoting: error, from: file)
        }
    }
}

extension Settings {
    fileprivate func promotionConnection(_ servers: Servers) throws(SettingsError) -> ConnectionConfiguration {
        var configuration = try Self.connection(servers.primaryURL, of: "primary.url")
        // Counting a large ledger takes a while.
        configuration.statementTimeout = .seconds(600)
        configuration.silenceTimeout = .seconds(620)
        return configuration
    }
}

extension Failure {
    /// - Parameter file: The shop's.
    fileprivate init(promoting error: any Error, from file: String) {
        switch error {
        case let failure as Failure:
            self = failure
        case is CancellationError:
            self.init("interrupted: the same command goes on where it was; until then \(file) is as it was")
        case let defect as AuditDefect:
            self.init("the history is not sound, and is not moved any further: \(defect)")
        case let error as LedgerError:
            self.init("\(error.explained()) The same command goes on where it was.")
        case let error as PostgresError:
            self.init("the database failed: \(error). The same command goes on where it was.")
        default:
            self.init("\(error)")
        }
    }
}
