import ArgumentParser
import Foundation
import Inventory
import PostgresLedger
import SQLiteLedger

@main
struct Khata: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "khata",
        abstract: "The ledger of every shop: current stock in every store.",
        discussion: """
            Flags override KHATA_… in the environment, which overrides config/khata.yaml.
            Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 wrong configuration.
            """,
        version: """
            khata, before its first release; database schema \(Schema.version), file schema \(SQLiteLedger.schemaVersion)
            """,
        subcommands: [
            Serve.self, TopCommand.self, Migrate.self, CacheCommand.self, KeyCommand.self, UserCommand.self,
            WebhookCommand.self, EventsCommand.self, AuditCommand.self,
            ConfigCommand.self, ImportCommand.self, ExportCommand.self, BackupCommand.self, RestoreCommand.self,
            PromoteCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Shop",
                subcommands: [
                    ProductCommand.self, StoreCommand.self, MoveCommand.self, TransferCommand.self, StockCommand.self,
                    ReportCommand.self, HealthCommand.self,
                ])
        ])

    static func main() async {
        openStandardDescriptors()
        // Writing to a closed pipe or connection is an error of that write.
        signal(SIGPIPE, SIG_IGN)
        do {
            try await runCommand()
            try StandardOutput.flush()
        } catch is StandardOutput.Closed {
            Foundation.exit(0)
        } catch let error as SettingsError {
            fail(error, code: 3)
        } catch let error as LedgerError {
            fail(Failure(error.explained()), code: 1)
        } catch let error as Failure {
            fail(error, code: 1)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            guard exitCode(for: error) == .validationFailure else { fail(error, code: 1) }
            printError(fullMessage(for: error))
            Foundation.exit(2)
        }
    }

    private static func runCommand() async throws {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error where exitCode(for: error) == .success {
            // Help and the version.
            print(fullMessage(for: error))
        }
    }

    /// If one of 0 to 2 is closed, the next file or connection would get its number, and what is logged or printed would
    /// go into that.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            guard open("/dev/null", O_RDWR) == descriptor else { Foundation.exit(1) }
        }
    }

    private static func fail(_ error: any Error, code: Int32) -> Never {
        printError("khata: \(error)")
        Foundation.exit(code)
    }
}

/// A command was refused, or failed; the description says what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Whether standard error is a terminal, on which progress may be shown.
var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
