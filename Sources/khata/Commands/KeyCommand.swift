public import Access
public import ArgumentParser
public import Inventory
import PostgresLedger

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Manages API keys.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates an API key and prints it, this once: only a hash of it is kept.")

        @OptionGroup var options: SettingsOptions

        @Option(help: "Who or what will use the key.")
        var name: String

        @Option(help: "reader, clerk, manager or admin.")
        var role: Role

        @Option(help: "When the key expires, as 2027-01-31T00:00:00Z (default: never).")
        var expiresAt: Timestamp?

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...200).contains(name.count) else { throw ValidationError("The name has 1 to 200 characters.") }
        }

        func run() async throws {
            let settings = try await options.settings()
            let key = APIKey.generate()
            let record = try await withLedger(settings) { ledger in
                try await ledger.addAPIKey(
                    id: key.id, name: name, role: role, secretHash: key.secretHash, expiresAt: expiresAt)
            }
            print(json ? record.json(with: key) : key.token)
        }
    }
}

extension APIKeyRecord {
    fileprivate func json(with key: APIKey) -> String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        json.field("id", id)
        json.field("name", name)
        json.field("role", role.rawValue)
        json.nullableField("expires_at", expiresAt?.description)
        json.field("key", key.token)
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}

extension Role: ExpressibleByArgument {}

extension Timestamp: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
