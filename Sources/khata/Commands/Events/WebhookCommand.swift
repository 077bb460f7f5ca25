import Access
import ArgumentParser
import Inventory
import InventoryContract
import JSON
import RemoteLedger
import StockEvents
import Webhooks

struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Manages webhooks, to which `khata serve` sends events.",
        subcommands: [
            Create.self, List.self, Show.self, Test.self, Replay.self, Rotate.self, Disable.self, Enable.self,
            Delete.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a webhook, and prints its id and its secret, which is shown only once.")

        @OptionGroup var options: ShopOptions

        @Argument(help: "Where events are sent, such as https://example.com/khata.")
        var url: String

        @Option(help: "The ids of the stores whose events it gets, such as 1,2 (default: all, and the catalog's).")
        var stores: StoreList?

        @Option(help: "The types of events it gets, such as khata.stock.moved.v1, separated by commas (default: all).")
        var types: String?

        @Flag(help: "Send everything that has ever happened first, instead of only what happens from now on.")
        var fromBeginning = false

        @Flag(help: "Print JSON.")
        var json = false

        private var typeList: [String]? { types?.split(separator: ",").map(String.init) }

        func validate() throws {
            for type in typeList ?? [] where !ChangeEvent.types.contains(type) {
                throw ValidationError(
                    "\(type) is no type of events. There are \(ChangeEvent.types.joined(separator: ", ")).")
            }
        }

        func run() async throws {
            let made = try await withWebhooks(options) {
                try await $0.create(
                    url: url, scope: stores?.scope ?? .all, types: typeList, from: fromBeginning ? .beginning : .end,
                    .person())
            }
            let fields = try ObjectFields(made)
            print(json ? String(json: { $0.value(made) }) : "\(try fields.text("id"))\n\(try fields.text("secret"))")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the webhooks, in the order of creation, and how far they are.")

        @OptionGroup var options: ShopOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await withWebhooks(options) { webhooks in
                let list = try await webhooks.list().map { try ListedWebhook($0) }
                let listing = Listing<ListedWebhook, String>(
                    columns: [
                        .text("ID"), .text("URL"), .text("STORES"), .text("TYPES"), .number("BEHIND"),
                        .text("STATE"),
                    ],
                    row: { webhook in
                        [
                            Table.Cell(webhook.id), Table.Cell(webhook.url), Table.Cell(webhook.stores),
                            Table.Cell(webhook.types), .amount(webhook.behind),
                            Table.Cell(webhook.state, webhook.isWell ? nil : .alarm),
                        ]
                    }, write: { $0.value($1.json) },
                    nothing: "There is no webhook: `khata webhook create` makes one.")
                try await listing.print(json: json) { _ throws(LedgerError) in Page(items: list, next: nil) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a webhook as JSON: where it stands in each store, and what keeps events from it.")

        @OptionGroup var webhook: OneWebhook

        func run() async throws {
            let shown = try await webhook.with { try await $0.show($1) }
            print(String(json: { $0.value(shown) }))
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a webhook an event that tells of no change, and prints what the receiver did.")

        @OptionGroup var webhook: OneWebhook

        func run() async throws {
            let test = try await webhook.with { try await $0.test($1) }
            print(String(json: { $0.value(test) }))
            guard try ObjectFields(test)["delivered"] == .flag(true) else { throw ExitCode(1) }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a store's events after a position, again or for the first time.",
            discussion: "That is also how a store goes on whose events the receiver did not take for days.")

        @OptionGroup var webhook: OneWebhook

        @Option(help: "The store; 0 is the catalog.")
        var store: Int64

        @Option(help: "The position after which events are sent; 0 for all.")
        var after: Int64

        func validate() throws {
            guard (0...maximumJSONInteger).contains(after), (0...maximumJSONInteger).contains(store) else {
                throw ValidationError("Stores and positions are not negative.")
            }
        }

        func run() async throws {
            try await webhook.with {
                try await $0.replay(
                    StoreID(rawValue: store), after: Position(rawValue: after), to: $1, .person())
            }
            print("The events of store \(store) after position \(after) are sent to the webhook \(webhook.id).")
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Replaces a webhook's secret by a new one, which is printed once. The old one signs along for some time."
        )

        @OptionGroup var webhook: OneWebhook

        @OptionGroup var overlap: OverlapOption

        func run() async throws {
            let (_, secret) = try await webhook.with {
                try await $0.rotate($1, overlap: overlap.duration, .person())
            }
            print(secret.text)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disables a webhook: nothing is sent to it within a second or so, and nothing is lost.")

        @OptionGroup var webhook: OneWebhook

        func run() async throws {
            try await webhook.with { try await $0.disable($1, .person()) }
            print("The webhook \(webhook.id) is disabled.")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enables a disabled webhook, which goes on where it stood.")

        @OptionGroup var webhook: OneWebhook

        func run() async throws {
            try await webhook.with { try await $0.enable($1, .person()) }
            print("The webhook \(webhook.id) is enabled.")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a webhook and its secrets.")

        @OptionGroup var webhook: OneWebhook

        func run() async throws {
            try await webhook.with { try await $0.delete($1, .person()) }
            print("The webhook \(webhook.id) is deleted.")
        }
    }
}

/// The options of commands on one webhook.
struct OneWebhook: ParsableArguments {
    @OptionGroup var options: ShopOptions

    @Argument(help: "The webhook's id.")
    var id: String

    func validate() throws {
        guard WebhookRecord.isID(id) else {
            throw ValidationError("\(id) is no id of a webhook: it has 12 hexadecimal digits.")
        }
    }

    func with<T: Sendable>(_ body: @Sendable (WebhookPlace, String) async throws -> T) async throws -> T {
        do {
            return try await withWebhooks(options) { try await body($0, id) }
        } catch LedgerError.notFound {
            throw Failure("There is no webhook \(id), or no such store among its own.")
        }
    }
}

/// A webhook of the list, as the contract has it.
private struct ListedWebhook {
    let json: JSONValue
    let id: String
    let url: String
    let stores: String
    let types: String
    let behind: Int64
    let state: String
    let isWell: Bool

    init(_ json: JSONValue) throws {
        self.json = json
        let fields = try ObjectFields(json)
        (id, url) = (try fields.text("id"), try fields.text("url"))
        stores = Self.list(fields["stores"])
        types = Self.list(fields["types"])
        let delivery = try fields.object("delivery")
        behind = try delivery.integer("behind")
        let (failing, parked) = (
            try delivery.integer("failing_stores"), try delivery.integer("parked_stores")
        )
        var parts: [String] = []
        if let disabled = try fields.optionalTime("disabled_at") {
            let reason = try fields.optionalText("disabled_reason").map { ": \($0)" } ?? ""
            parts.append("disabled since \(disabled.short)\(reason)")
        }
        if let since = try delivery.optionalTime("parked_since") {
            parts.append("\(parked) stores wait for a replay since \(since.short)")
        }
        if failing > 0 {
            let next =
                try delivery.optionalTime("next_attempt_at").map { ", next attempt \($0.short)" } ?? ""
            parts.append("\(failing) stores fail\(next)")
        }
        isWell = parts.isEmpty
        if failing + parked > 0, let failure = try delivery.optionalText("last_failure") {
            parts.append(failure)
        }
        state = parts.isEmpty ? "delivers" : parts.joined(separator: "; ")
    }

    /// All if it is missing.
    private static func list(_ value: JSONValue?) -> String {
        guard case .array(let elements)? = value else { return "all" }
        return elements.map { element in
            switch element {
            case .integer(let number): "\(number)"
            case .text(let text): text
            default: "?"
            }
        }.joined(separator: ",")
    }
}

private func withWebhooks<T: Sendable>(
    _ options: ShopOptions, _ body: @Sendable (WebhookPlace) async throws -> T
) async throws -> T {
    let shop = try await options.shop()
    if case .server(let address, let key) = shop.place {
        return try await RemoteLedger.with(address, key: key, observer: RetryNotes()) {
            try await body(.server($0))
        }
    }
    let settings = shop.settings
    let sender = try settings.webhookSender
    return try await withLedger(settings) { ledger in
        do {
            return try await body(.here(WebhookAdministration(ledger, sender: sender, logger: settings.logger())))
        } catch let refusal as WebhookAdministration.Refusal {
            throw Failure(refusal.text)
        }
    }
}

extension WebhookAdministration.Refusal {
    fileprivate var text: String {
        switch self {
        case .url(let invalid): "The URL \(invalid)."
        case .tooMany: "There are \(WebhookRecord.maximum) webhooks already: delete one first."
        case .unknownStore(let id): "There is no store \(id): `khata store list` shows the stores."
        case .otherStore(let id): "The webhook does not get the events of store \(id)."
        case .positionBeyondEnd(let end): "The store's last position is \(end)."
        }
    }
}
