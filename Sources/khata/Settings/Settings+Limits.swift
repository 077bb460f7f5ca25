import Inventory
import InventoryHTTP
import PostgresLedger

extension Settings {
    @SettingsBuilder
    static var writing: [Setting] {
        Setting(
            "write.lanes", \.ledger.lanes, in: 1...64, example: "2",
            """
            Movements are committed in lanes, each with its own connection to the primary. Each store is assigned to a lane;
            movements between stores have one more. Fewer lanes mean larger transactions, which cost less for each movement;
            more lanes use more of the primary's cores. By default there is one for every two cores of this machine, at most
            four.
            """)
        Setting(
            "write.commands_per_transaction", \.ledger.write.commandsPerTransaction, in: 1...10_000,
            "The maximum requests that share a transaction if they arrive together.")
        Setting(
            "write.movements_waiting", \.ledger.write.linesWaiting, in: 1_000...10_000_000,
            "The maximum movements waiting for each lane. Beyond that, requests get 503 `overloaded`.")
    }

    @SettingsBuilder
    static var reading: [Setting] {
        Setting(
            "read.waiting", \.ledger.waitingReads, in: 1...1_000_000,
            "The maximum reads waiting for a connection, for each database. Beyond that, they get 503 `overloaded`.")
        Setting(
            "read.reports", \.limits.reports, in: 1...64,
            """
            The maximum reports that run at a time. Others wait: up to 64, and of one principal up to 4, with those that run.
            Beyond that, requests get 503 `overloaded`.
            """)
        Setting(
            "read.unproven", \.unprovenReads,
            """
            The response to reads of stock while an instance can neither trust the cache nor reach the primary, and so
            cannot know whether anything was recorded meanwhile. refuse: 503 `primary-unavailable`. serve: the replica's
            data, or else the cache's, with `Inventory-Freshness: unproven;age=4`: it has everything that was acknowledged
            up to four seconds ago.
            """)
    }

    @SettingsBuilder
    static var inputLimits: [Setting] {
        Setting(
            "limits.body_bytes", \.limits.bodyBytes, in: 1_024...(64 << 20), "The maximum size of a request's body.")
        Setting(
            "limits.bodies_bytes", \.limits.bodiesBytes, in: 1_048_576...(1 << 40),
            """
            The memory for all bodies that are being received or processed, and for responses that clients are slow to take:
            at least four times limits.body_bytes. One principal gets at most half of it, several share it. Beyond that,
            requests with a body get 503 `overloaded`, and connections that do not take their responses are reset.
            """)
        Setting(
            "limits.header_bytes", \.limits.headerBytes, in: 1_024...(1 << 20),
            "The maximum size of a request's target and header fields together.")
        Setting(
            "limits.quantity", \.limits.input.quantity, in: 1...Int(Quantity.maximum),
            """
            The maximum units of one movement, up to 1,000,000,000. This and the next two limits apply to the API, the
            command line and imported files. With --server, the server's limits apply, and to an imported file both.
            """)
        Setting(
            "limits.name_characters", \.limits.input.nameCharacters, in: InputLimits.possibleNameCharacters,
            """
            The maximum characters of a name, SKU, category, unit, reference or external id, and of a text in a query. At
            most 600, the maximum that fits into an index of PostgreSQL.
            """)
        Setting(
            "limits.note_characters", \.limits.input.noteCharacters, in: 1...10_000, "The maximum characters of a note."
        )
        Setting(
            "limits.batch", \.limits.batch, in: 1...10_000,
            """
            The maximum movements of a batch. `khata import` sends up to 1,000 to a server, so it fails with a server that
            accepts fewer.
            """)
        Setting(
            "limits.page", \.limits.page, in: 1...10_000,
            "The maximum items of a page. The command line requests 1,000 from a server, and fails if that is too many."
        )
    }

    func checkBodies() throws(SettingsError) {
        guard limits.bodiesBytes / 4 >= limits.bodyBytes else {
            throw SettingsError("limits.bodies_bytes has to be at least four times limits.body_bytes")
        }
    }

    private var unprovenReads: UnprovenReads {
        get { ledger.servesUnproven ? .serve : .refuse }
        set { ledger.servesUnproven = newValue == .serve }
    }

    private enum UnprovenReads: String, CaseIterable, SettingValue {
        case refuse, serve
    }
}
