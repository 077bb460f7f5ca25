import Foundation
import LedgerTesting
import ServerTesting
import Testing

@Suite("What commands print")
struct OutputTests {
    /// - Returns: The status, and what was printed on standard error, unless that has another handle.
    private func run(
        _ arguments: [String], on file: TestFile, output: FileHandle, errors: FileHandle? = nil
    ) async throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = try Program.url
        process.arguments = arguments
        process.environment = Program(on: file).environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        let pipe = Pipe()
        process.standardError = errors ?? pipe.fileHandleForWriting
        try process.run()
        try pipe.fileHandleForWriting.close()
        try await eventually("the command ends") { !process.isRunning }
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    /// Each prints in another way.
    private static let commands = [
        ["stock"], ["stock", "--json"], ["product", "list"], ["report", "--from", "today", "--to", "today"],
        ["audit", "list"], ["audit", "verify"], ["export", "movements"],
        ["events", "tail", "--after", "0", "--no-follow"], ["--help"],
    ]

    @Test("a result that cannot be written is a failure", arguments: commands)
    func full(command: [String]) async throws {
        try await TestFile.withFullShop { file in
            let output = try #require(FileHandle(forWritingAtPath: "/dev/full"))
            let outcome = try await run(command, on: file, output: output)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("khata: The result could not be written to standard output: No space"))
        }
    }

    @Test("a pipe that its reader has closed is no error", arguments: commands)
    func closed(command: [String]) async throws {
        try await TestFile.withFullShop { file in
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let outcome = try await run(command, on: file, output: pipe.fileHandleForWriting)
            #expect(outcome.status == 0 && !outcome.errors.contains("khata:"), "\(outcome)")
        }
    }

    @Test("results and messages are in the order in which they were said")
    func order() async throws {
        try await TestFile.withFullShop { file in
            try file.execute("update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102")
            let pipe = Pipe()
            let outcome = try await run(
                ["audit", "verify"], on: file, output: pipe.fileHandleForWriting, errors: pipe.fileHandleForWriting)
            try pipe.fileHandleForWriting.close()
            #expect(outcome.status == 1)
            let said = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            let lines = said.split(separator: "\n")
            let difference = try #require(lines.firstIndex { $0.contains("on_hand is 999") })
            #expect(lines[difference - 1].hasPrefix("store 1: "), "\(said)")
            #expect(lines[difference + 1].hasPrefix("store 2: "), "\(said)")
            #expect(lines.last == "khata: one thing does not follow from the audit log")
        }
    }
}
