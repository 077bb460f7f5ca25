import Foundation
import LedgerTesting
import Testing

/// Limits that are set hold for the commands too, and not only for the server.
@Suite("Limits that are set")
struct LimitTests {
    @Test("a name that is too long is refused by import and key create, and it is said which limit that is")
    func names() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file, ["KHATA_LIMITS_NAME_CHARACTERS": "20", "KHATA_LIMITS_NOTE_CHARACTERS": "30"])
            #expect(try await khata.run(["migrate"]).status == 0)
            let (longest, tooLong) = (String(repeating: "ش", count: 20), String(repeating: "ش", count: 21))

            let limit = "20 characters (limits.name_characters)"
            let stores = try await khata.imports("store_id,name\n1,\(longest)\n2,\(tooLong)\n", file)
            #expect(stores.status == 1)
            #expect(stores.errors.contains("line 3, name") && stores.errors.contains(limit), "\(stores.errors)")
            #expect(try await khata.imports("store_id,name\n1,\(longest)\n", file).status == 0)
            let key = try await khata.run(["key", "create", "--role", "reader", "--name", tooLong])
            #expect(key.status == 2)
            #expect(key.errors.contains(limit), "\(key.errors)")
            #expect(try await khata.run(["key", "create", "--role", "reader", "--name", longest]).status == 0)
            let added = try await khata.run(["product", "add", tooLong])
            #expect(added.status == 2)
            #expect(added.errors.contains(limit), "\(added.errors)")

            #expect(try await khata.imports("product_id,name\n7,Tea\n", file).status == 0)
            let note = String(repeating: "n", count: 31)
            let movements = try await khata.imports(
                "store_id,product_id,movement_type,quantity,note\n1,7,IN,1,\(note)\n", file)
            #expect(movements.status == 1)
            #expect(movements.errors.contains("30 characters (limits.note_characters)"), "\(movements.errors)")
        }
    }

    @Test("a quantity that is too large is refused by import and move")
    func quantities() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file, ["KHATA_LIMITS_QUANTITY": "10"])
            #expect(try await khata.run(["migrate"]).status == 0)
            #expect(try await khata.imports("store_id,name\n1,One\n", file).status == 0)
            #expect(try await khata.imports("product_id,name\n7,Tea\n", file).status == 0)
            for (text, column) in [
                ("store_id,product_id,on_hand\n1,7,11\n", "on_hand"),
                ("store_id,product_id,movement_type,quantity\n1,7,IN,11\n", "quantity"),
            ] {
                let refused = try await khata.imports(text, file)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("line 2, \(column)"), "\(refused.errors)")
                #expect(refused.errors.contains("to 10 (limits.quantity)"), "\(refused.errors)")
            }
            let moved = try await khata.run(["move", "in", "Tea", "11"])
            #expect(moved.status == 2)
            #expect(moved.errors.contains("10 (limits.quantity)"), "\(moved.errors)")
            #expect(try await khata.imports("store_id,product_id,on_hand\n1,7,10\n", file).status == 0)
        }
    }

    @Test("both ledgers take names as long as can be set")
    func maximumNames() async throws {
        let longest = ["KHATA_LIMITS_NAME_CHARACTERS": "600"]
        try await TestFile.with { file in
            let khata = Program(on: file, longest)
            #expect(try await khata.run(["migrate"]).status == 0)
            try await takesLongestNames(khata, file)
            let longer = try await Program(on: file, ["KHATA_LIMITS_NAME_CHARACTERS": "601"]).run(["store", "list"])
            #expect(longer.status == 3)
            #expect(longer.errors.contains("limits.name_characters is \"601\""))
        }
        try await TestFile.with { file in
            try await TestDatabase.with { database in
                try await takesLongestNames(Program(on: database, longest), file)
            }
        }
    }

    private func takesLongestNames(_ khata: Program, _ file: TestFile) async throws {
        // Of four bytes each, and nothing in them to compress.
        func name() -> String {
            String(
                String.UnicodeScalarView((0..<600).compactMap { _ in Unicode.Scalar(.random(in: 0x20000...0x2A6DF)) }))
        }
        let sku = name()
        let commands = [
            "store_id,name\n1,\(name())\n", "sku,name,category,unit\n\(sku),\(name()),\(name()),\(name())\n",
            "external_id,store_id,sku,movement_type,quantity,reference\n\(name()),1,\(sku),IN,1,\(name())\n",
        ]
        for text in commands {
            let imported = try await khata.imports(text, file)
            #expect(imported.status == 0, "\(imported.errors.prefix(300))")
        }
        #expect(try await khata.run(["key", "create", "--role", "reader", "--name", name()]).status == 0)
    }
}
