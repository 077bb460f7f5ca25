import ArgumentParser
import Inventory
import PostgresLedger
import SQLiteLedger
import Testing

@testable import khata

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "what people type is understood",
        arguments: [
            ["product", "add", "Sugar 1kg", "--sku", "S", "--category", "Grocery", "--unit", "pack", "--id", "102"],
            ["product", "list", "--search", "sug", "--json"], ["product", "show", "102"],
            ["product", "rename", "SUG-1", "Sugar 2kg"], ["product", "archive", "Sugar 1kg"],
            ["store", "add", "Anarkali", "--id", "3"], ["store", "list"], ["store", "rename", "3", "Bazaar"],
            ["store", "archive", "3"],
            ["move", "in", "Sugar 1kg", "5"], ["move", "sale", "Sugar 1kg", "2", "--store", "2", "--expected", "0"],
            ["move", "out", "Sugar 1kg", "1", "--reference", "R-1", "--note", "wet", "--key", "k1"],
            ["transfer", "Sugar 1kg", "10", "--from", "1", "--to", "2"],
            ["stock"], ["stock", "Sugar 1kg", "--store", "2"], ["stock", "--below", "5", "--category", "Grocery"],
            ["stock", "--as-of", "yesterday"],
            ["report", "--from", "2026-11-01", "--to", "today", "--group-by", "day", "--csv"],
            ["audit", "list", "--store", "0", "--action", "product-created"], ["health", "--json"],
            ["audit", "verify", "--store", "1", "--heads", "ends"],
            ["audit", "verify", "--heads", "ends", "--signed-by", "key.pub", "--json"],
            ["audit", "anchor", "ends", "--key", "key.pem"],
            ["stock", "--server", "https://khata.example", "--api-key", "khata_1_2"],
            ["stock", "--sqlite", "shop.khata"],
            ["promote", "shop.khata"], ["promote", "shop.khata", "postgresql://khata@localhost/khata", "--json"],
        ])
    func understood(arguments: [String]) throws {
        _ = try Khata.parseAsRoot(arguments)
    }

    @Test(
        "wrong usage is refused before anything is done",
        arguments: [
            ["move", "in", "Sugar 1kg", "0"], ["move", "in", "Sugar 1kg", "-1"], ["move", "in", "Sugar 1kg", "1.5"],
            ["move", "in", "Sugar 1kg", "1000000001"], ["move", "steal", "Sugar 1kg", "1"], ["move", "in", "", "1"],
            ["move", "in", "Sugar 1kg", "1", "--store", "0"], ["move", "in", "Sugar 1kg", "1", "--expected=-1"],
            ["move", "in", "Sugar 1kg", "1", "--key", "two words"], ["move", "in", "Sugar 1kg", "1", "--key", ""],
            ["transfer", "Sugar 1kg", "10", "--from", "1", "--to", "1"],
            ["transfer", "Sugar 1kg", "10", "--from", "1"],
            ["stock", "Sugar 1kg", "--below", "5"], ["stock", "--below=-1"], ["stock", "--as-of", "tomorrow"],
            ["report", "--from", "2026-11-02", "--to", "2026-11-01"], ["report", "--csv", "--json"],
            ["report", "--group-by", "week"], ["audit", "list", "--action", "stolen"], ["audit", "list", "--store=-1"],
            ["audit", "verify", "--signed-by", "key.pub"], ["audit", "anchor", "ends"],
            ["audit", "verify", "--store=-1"],
            ["stock", "--server", "http://a", "--primary-url", "postgresql://b"],
            ["stock", "--server", "http://a", "--sqlite", "shop.khata"],
        ])
    func refused(arguments: [String]) throws {
        let error = #expect(throws: (any Error).self) { try Khata.parseAsRoot(arguments) }
        #expect(error.map { Khata.exitCode(for: $0) } == .validationFailure)
    }

    @Test("the version says which schemas the program writes")
    func version() throws {
        let error = try #require(throws: (any Error).self, performing: { try Khata.parseAsRoot(["--version"]) })
        #expect(Khata.exitCode(for: error) == .success)
        #expect(
            Khata.fullMessage(for: error).contains(
                "database schema \(Schema.version), file schema \(SQLiteLedger.schemaVersion)"))
    }

    @Test("a completion script can be had for each shell", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let error = try #require(
            throws: (any Error).self, performing: { try Khata.parseAsRoot(["--generate-completion-script", shell]) })
        #expect(Khata.exitCode(for: error) == .success)
        #expect(Khata.fullMessage(for: error).contains("transfer"))
    }
}

@Suite("Explanations")
struct ExplanationTests {
    private let subject = Subject(product: "Sugar 1kg", storeID: StoreID(rawValue: 2), key: "k1")

    @Test("a refusal says what there is, and what to do")
    func refusals() {
        #expect(
            LedgerError.refused(.insufficientStock(onHand: 3, requested: 5_000)).explained(subject)
                == "There are only 3 of Sugar 1kg in store 2; you asked for 5,000.")
        #expect(
            LedgerError.refused(.insufficientStock(onHand: 0, requested: 1)).explained(subject)
                == "There is no Sugar 1kg in store 2; you asked for 1.")
        #expect(LedgerError.notFound.explained(subject).contains("no store 2"))
        let levels = [7, 9].map { LevelKey(StoreID(rawValue: $0), ProductID(rawValue: 102)) }
        #expect(
            LedgerError.refused(.inUse(StockLeft(levels, hasMore: true))).explained(subject)
                == "There is still stock: product 102 in store 7, product 102 in store 9, and more. Move or remove it "
                + "first: see `khata stock --store 7 102`.")
        #expect(
            LedgerError.refused(.inUse(StockLeft([], hasMore: true))).explained(subject).contains(
                "outside the scope of your credentials"))
    }

    @Test("an unknown outcome tells the key with which to repeat")
    func unknownOutcome() {
        #expect(LedgerError.outcomeUnknown.explained(subject).contains("--key k1"))
        #expect(!LedgerError.outcomeUnknown.explained().contains("--key"))
    }
}
