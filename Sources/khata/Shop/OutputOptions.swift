import ArgumentParser
import Inventory
import InventoryContract
import JSON

/// The output of a command: text or JSON.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, as the HTTP API has it.")
    var json = false

    func print(_ text: String, _ write: (inout JSONWriter<[UInt8]>) -> Void) {
        Swift.print(json ? String(json: write) : text.withoutControls(but: "\n"))
    }
}

extension String {
    fileprivate func withoutControls(but allowed: Character) -> String {
        split(separator: allowed, omittingEmptySubsequences: false).map { String($0).withoutControls }
            .joined(separator: String(allowed))
    }
}
