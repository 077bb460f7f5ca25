import Foundation
import Inventory
import LedgerTesting
import SQLiteLedger

/// `LedgerWriter FILE NAME COUNT`: records COUNT movements of one unit of product 102 into store 1, twenty at a time,
/// until it is killed or one fails. Movement n has the note NAME-n; each that is acknowledged is a line
/// `NAME-n POSITION` on standard output at once, and one that fails is a line `failed ERROR`.
@main
struct LedgerWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int(arguments[3]) else {
            tell("usage: LedgerWriter FILE NAME COUNT")
            exit(2)
        }
        let (path, name) = (arguments[1], arguments[2])
        let ledger = try await SQLiteLedger.open(path, .asItIs, observer: IgnoringFileObserver())
        await withTaskGroup { group in
            group.addTask { await ledger.run() }
            await withTaskGroup { writers in
                for writer in 0..<Self.writers {
                    writers.addTask {
                        for number in stride(from: writer, to: count, by: Self.writers) {
                            await record("\(name)-\(number)", in: ledger)
                        }
                    }
                }
            }
            // What was acknowledged is in the file: nothing is to be closed in order.
            exit(0)
        }
    }

    private static let writers = 20

    private static func record(_ note: String, in ledger: SQLiteLedger) async {
        let movement = Movement(
            storeID: StoreID(rawValue: 1), productID: ProductID(rawValue: 102), kind: .stockIn, quantity: Quantity(1)!,
            notes: MovementNotes(note: note))
        let context = CommandContext(
            actor: "key:test", requestID: note,
            idempotency: IdempotencyKey(
                principal: "key:test", key: note, fingerprint: [UInt8](repeating: 0, count: 32)))
        do {
            tell("\(note) \(try await ledger.record(movement, context).value.position)")
        } catch {
            tell("failed \(error)")
            exit(1)
        }
    }

    /// One write for a line: lines of several tasks never mix.
    private static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
