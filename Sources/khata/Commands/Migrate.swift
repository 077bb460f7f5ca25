import ArgumentParser
import Logging
import Postgres
import PostgresLedger
import SQLiteLedger

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Migrates the database's schema to this program's version; creates the file, if there is none yet.")

    @OptionGroup var options: SettingsOptions

    @Option(help: "The database role that serves: it is granted what that takes. Same as primary.serving_role.")
    var serveAs: String?

    func run() async throws {
        var flags: [String: String] = [:]
        flags["primary.serving_role"] = serveAs
        let settings = try await options.settings(flags)
        switch try settings.storage {
        case .servers(let servers):
            let versions = try await settings.migrate(servers)
            print(
                versions.isEmpty
                    ? "The schema is at version \(Schema.version) already."
                    : "The schema was brought to version \(Schema.version).")
        case .file(let path):
            let logger = settings.logger()
            try await running(try await settings.ledger(in: path, .upToDate, logger), logger) {}
            print("\(path) is at version \(SQLiteLedger.schemaVersion).")
        }
    }
}

extension Settings {
    /// - Returns: The versions that were applied.
    func migrate(_ servers: Servers) async throws -> [Int64] {
        var configuration = try Self.connection(servers.primaryURL, of: "primary.url")
        // A migration takes time proportional to the tables' size, and may wait for another process's.
        configuration.statementTimeout = nil
        configuration.silenceTimeout = nil
        let primary = Pool(
            configuration, maximumConnections: 1, maximumWaiting: 1, waitTimeout: .seconds(60), logger: logger())
        return try await closing(primary.close) { try await Schema(primary).migrate(servingRole: servingRole) }
    }
}
