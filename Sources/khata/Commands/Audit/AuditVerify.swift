import ArgumentParser
import Inventory

extension AuditCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies the audit log, and everything derived from it.",
            discussion: """
                Checks the log's hash chains, every movement against its entry, and everything derived from them: \
                levels, products, stores and ledger heads, including archived ones. A file is first checked whole. The \
                shop may be open meanwhile.

                In PostgreSQL it also reports triggers and privileges that are not as the migration made them.

                The owner of the database can also truncate all logs, or rewrite them. To detect that, keep the signed \
                ends of the ledgers elsewhere (khata audit anchor) and compare with them (--heads, --signed-by).

                Through a server, data that it does not expose is not compared, and the output says so.
                """)

        @Option(help: "Only this store; 0 is the catalog.")
        var store: Int64?

        @Option(
            help: ArgumentHelp(
                "Compare with the ends of ledgers in this file, which khata audit anchor wrote.", valueName: "file"),
            completion: .file())
        var heads: String?

        @Option(
            help: ArgumentHelp(
                "Refuse that file unless it is signed with the key to this public key (PEM).", valueName: "file"),
            completion: .file())
        var signedBy: String?

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var options: ShopOptions

        func validate() throws {
            if let store, !(0...maximumJSONInteger).contains(store) {
                throw ValidationError("--store has to be a store's number, or 0 for the catalog.")
            }
            guard signedBy == nil || heads != nil else {
                throw ValidationError("--signed-by is about the file of --heads, which is missing.")
            }
        }

        func run() async throws {
            let key = try signedBy.map(AnchorKey.publicKey)
            let known = try heads.map { try HeadsFile(path: $0).read(signedBy: key) } ?? []
            if let heads, key == nil {
                printError("khata: the signature of \(heads) is not checked: name its public key with --signed-by")
            }
            _ = try await VerificationRun.report(
                on: try await options.shop(), only: store.map(StoreID.init(rawValue:)), heads: known, isJSON: json)
        }
    }
}
