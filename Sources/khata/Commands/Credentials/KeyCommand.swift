import Access
import ArgumentParser
import Inventory
import InventoryHTTP
import JSON

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Manages API keys.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates an API key and prints it once: only its hash is stored.")

        @OptionGroup var options: SettingsOptions

        @Option(help: "Who or what will use the key.")
        var name: String

        @OptionGroup var grant: GrantOptions

        @Option(help: "When the key expires, such as 2027-01-31T00:00:00Z (default: never).")
        var expiresAt: Timestamp?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let key = APIKey.generate()
            let new = try described(key)
            let settings = try await options.settings()
            try settings.limits.input.check("The name", name: name)
            let record = try await withLedger(settings) { ledger in try await ledger.addAPIKey(new) }
            print(json ? record.json(with: key) : key.token)
        }

        private func described(_ key: APIKey) throws -> NewAPIKey {
            if let expiresAt, expiresAt <= .now {
                throw Failure("The key would have expired already, at \(expiresAt).")
            }
            return NewAPIKey(key, name: name, grant: grant.grant, expiresAt: expiresAt)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the API keys, in the order of creation. The secrets are not stored.")

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let keys = try await withLedger(try await options.settings()) { ledger in
                try await CredentialListing { try await ledger.apiKeys(after: $0, limit: 1_000) }
            }
            keys.print(asJSON: json, ["ID", "NAME", "ROLE", "STORES", "CREATED", "EXPIRES", "LAST USED", "REVOKED"]) {
                key in
                [
                    key.id, key.name, key.grant.role.rawValue, key.grant.scope.list, key.createdAt.short,
                    key.expiresAt?.short ?? "never", key.lastUsedAt?.short ?? "never", key.revokedAt?.short ?? "no",
                ]
            } write: { json, key in
                key.write(to: &json)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes an API key. Every instance refuses it within five seconds.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The key's id, between its first two underscores.")
        var id: String

        func run() async throws {
            try await withLedger(try await options.settings()) { ledger in
                do {
                    try await ledger.revokeAPIKey(id)
                } catch LedgerError.notFound {
                    throw Failure("There is no key \(id).")
                }
            }
            print("The key \(id) is revoked.")
        }
    }
}

extension APIKeyRecord {
    fileprivate func json(with key: APIKey) -> String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        write(to: &json)
        json.field("key", key.token)
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}
