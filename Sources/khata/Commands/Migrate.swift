import ArgumentParser
import Logging
import Postgres
import PostgresLedger

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database's schema up to this program's version.")

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try await options.settings()
        let versions = try await settings.migrate()
        print(
            versions.isEmpty
                ? "The schema is at version \(Schema.version) already."
                : "The schema was brought to version \(Schema.version).")
    }
}

extension Settings {
    /// - Returns: The versions that were applied.
    func migrate() async throws -> [Int64] {
        var configuration = try connection(primaryURL, of: .primaryURL)
        // A migration takes as long as the tables are large, and may wait for another process's.
        configuration.statementTimeout = nil
        configuration.silenceTimeout = nil
        let primary = Pool(
            configuration, maximumConnections: 1, maximumWaiting: 1, waitTimeout: .seconds(60), logger: logger())
        do {
            let versions = try await Schema(primary).migrate()
            await primary.close()
            return versions
        } catch {
            await primary.close()
            throw error
        }
    }
}
