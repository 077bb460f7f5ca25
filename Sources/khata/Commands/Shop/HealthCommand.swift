import ArgumentParser
import Foundation
import Inventory
import InventoryContract

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Shows the health of the service's components.",
        discussion: """
            Exits with 1 if a component fails; a warning is not a failure. A file is read whole, to check it for damage. What \
            only the service itself knows, such as its connection to the broker and whether its cache is trusted, it shows \
            with --server.
            """
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ShopOptions

    func run() async throws {
        let checks = try await options.shop().health()
        var table = Table(
            [.text("PART"), .text("STATUS"), .number("VALUE"), .text("UNIT"), .text("WHAT IS WRONG")],
            styling: .standardOutput)
        output.print(table.lines(checks.map(\.cells)).joined(separator: "\n")) { $0.value(checks.status, checks) }
        guard checks.status != .fail else { throw ExitCode(1) }
    }
}

extension ComponentHealth {
    fileprivate var cells: [Table.Cell] {
        [
            Table.Cell(name), Table.Cell(status.rawValue, status == .pass ? nil : .alarm),
            Table.Cell(observed.map { $0.formatted(.number.precision(.fractionLength(0...1))) }), Table.Cell(unit),
            Table.Cell(output),
        ]
    }
}
