public import Access
public import ArgumentParser
import Authentication
import Inventory
import InventoryContract
import JSON

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Manages users with passwords.",
        subcommands: [Create.self, List.self, SetPassword.self, Disable.self, Enable.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a user.",
            discussion: "Asks for the password on a terminal, or reads it from the first line of standard input.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "1 to 64 of a-z, 0-9, '.', '_' and '-'.")
        var name: UserName

        @OptionGroup var grant: GrantOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let settings = try await options.settings()
            let hash = try await PasswordHasher(waiting: 1).hash(try readNewPassword(for: name))
            let record = try await withCredentials(settings) { credentials in
                do {
                    return try await credentials.addUser(
                        NewUser(name: name, passwordHash: hash, grant: grant.grant), .person())
                } catch LedgerError.refused(.alreadyExists) {
                    throw Failure("There is a user \(name) already; disabled users keep their names.")
                }
            }
            print(json ? String(json: { $0.value(record) }) : "The user \(name) is created.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the users, by name.")

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await withLedger(try await options.settings()) { ledger in
                let listing = Listing<UserRecord, UserName>(
                    columns: ["NAME", "ROLE", "STORES", "CREATED", "DISABLED"].map(Table.Column.text),
                    row: { user in
                        [
                            user.name.description, user.grant.role.rawValue, user.grant.scope.list,
                            user.createdAt.short,
                            user.disabledAt?.short ?? "no",
                        ].map { Table.Cell($0) }
                    }, write: { $0.value($1) }, nothing: "There is no user: `khata user create` creates one.")
                try await listing.print(json: json) { name throws(LedgerError) in
                    try await ledger.users(after: name, limit: 1_000)
                }
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disables a user. Every instance refuses them within five seconds.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The user's name.")
        var name: UserName

        func run() async throws {
            try await withCredentials(try await options.settings(), notFound: "There is no user \(name).") {
                try await $0.disableUser(name, .person())
            }
            print("The user \(name) is disabled.")
        }
    }
}

extension UserCommand {
    struct SetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "password",
            abstract: "Sets a user's password. Every instance refuses the old one within five seconds.",
            discussion: "Asks for the password on a terminal, or reads it from the first line of standard input.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The user's name.")
        var name: UserName

        func run() async throws {
            let settings = try await options.settings()
            let hash = try await PasswordHasher(waiting: 1).hash(try readNewPassword(for: name))
            try await withCredentials(settings, notFound: "There is no user \(name).") {
                try await $0.setPassword(of: name, to: hash, .person())
            }
            print("The password of \(name) is set.")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enables a disabled user.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The user's name.")
        var name: UserName

        func run() async throws {
            try await withCredentials(try await options.settings(), notFound: "There is no user \(name).") {
                try await $0.enableUser(name, .person())
            }
            print("The user \(name) is enabled.")
        }
    }
}

extension UserName: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
