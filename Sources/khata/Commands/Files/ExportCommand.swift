public import ArgumentParser
import Foundation
public import StockFiles

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Exports products, stores, stock or movements as a CSV file.",
        discussion: """
            The file is for `khata import`. Products, stores and movements, imported in this order into an empty \
            ledger, reproduce the same ledgers; stock, instead of movements, reproduces the levels without their \
            history. Archived products and stores only occur in the file of movements.
            """)

    @Argument(help: "products, stores, stock or movements.")
    var kind: FileKind

    @Option(name: .shortAndLong, help: "The file (default: standard output).", completion: .file(extensions: ["csv"]))
    var output: String?

    @OptionGroup var options: ShopOptions

    func run() async throws {
        let shop = try await options.shop()
        let (kind, file) = (kind, try file())
        let count = try await shop.open(isInBulk: true) { ledger in
            try await Exporter(ledger).export(kind) { text in
                if let file {
                    try file.write(contentsOf: Data(text.utf8))
                } else {
                    try StandardOutput.write(text)
                }
            }
        }
        printError("\(count.grouped) rows")
    }

    /// `nil` for standard output.
    private func file() throws -> FileHandle? {
        guard let output else { return nil }
        guard FileManager.default.createFile(atPath: output, contents: nil),
            let handle = FileHandle(forWritingAtPath: output)
        else { throw Failure("\(output) cannot be written") }
        return handle
    }
}

extension FileKind: ExpressibleByArgument {}
