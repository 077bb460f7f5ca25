import Access
import ArgumentParser
import Inventory
import InventoryContract
import InventoryHTTP
import JSON

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Manages API keys.",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates an API key and prints it once: only its hash is stored.")

        @OptionGroup var options: SettingsOptions

        @Option(help: "Who or what will use the key.")
        var name: String

        @OptionGroup var grant: GrantOptions

        @OptionGroup var expiry: ExpiryOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let key = APIKey.generate()
            let settings = try await options.settings()
            let new = NewAPIKey(
                key, name: name, grant: grant.grant, expiresAt: try expiry.date(settings))
            try settings.limits.input.check("The name", name: name)
            let record = try await withCredentials(settings) { try await $0.addAPIKey(new, .person()) }
            print(json ? String(json: { $0.value(record, with: key) }) : key.token)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the API keys, in the order of creation. The secrets are not stored.")

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await withLedger(try await options.settings()) { ledger in
                let listing = Listing<APIKeyRecord, APIKeyNumber>(
                    columns: ["ID", "NAME", "ROLE", "STORES", "CREATED", "EXPIRES", "LAST USED", "REVOKED"].map(
                        Table.Column.text),
                    row: { key in
                        [
                            key.id, key.name, key.grant.role.rawValue, key.grant.scope.list, key.createdAt.short,
                            key.expiresAt?.short ?? "never", key.lastUsedAt?.short ?? "never",
                            key.revokedAt?.short ?? "no",
                        ].map { Table.Cell($0) }
                    }, write: { $0.value($1) }, nothing: "There is no key: `khata key create` makes one.")
                try await listing.print(json: json) { number throws(LedgerError) in
                    try await ledger.apiKeys(after: number, limit: 1_000)
                }
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Replaces an API key by a new one, which is printed once. The old one is valid for some time more.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The key's id, between its first two underscores.")
        var id: String

        @OptionGroup var overlap: OverlapOption

        @OptionGroup var expiry: ExpiryOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let key = APIKey.generate()
            let settings = try await options.settings()
            let expiresAt = try expiry.date(settings)
            let record = try await withCredentials(settings, notFound: "There is no valid key \(id).") { credentials in
                guard let old = try await credentials.apiKey(id) else { throw LedgerError.notFound }
                return try await credentials.rotateAPIKey(
                    old, to: key, expiringAt: expiresAt, overlap: overlap.duration, .person())
            }
            print(json ? String(json: { $0.value(record, with: key) }) : key.token)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes an API key. Every instance refuses it within five seconds.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The key's id, between its first two underscores.")
        var id: String

        func run() async throws {
            try await withCredentials(try await options.settings(), notFound: "There is no key \(id).") {
                try await $0.revokeAPIKey(id, .person())
            }
            print("The key \(id) is revoked.")
        }
    }
}
