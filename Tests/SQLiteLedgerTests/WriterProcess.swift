import Foundation
import Inventory
import LedgerTesting
import ServerTesting

/// Another process that writes to a file: see `LedgerWriter`.
struct WriterProcess {
    private let process = Process()
    private let log: URL

    /// - Parameter maximumFile: In KiB; a file that would grow beyond it cannot be written, as on a full disk.
    init(_ file: TestFile, name: String, count: Int, maximumFile: Int? = nil) throws {
        log = file.folder.appending(path: "\(name).log")
        try Data().write(to: log)
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "LedgerWriter").path(percentEncoded: false)
        let limit = maximumFile.map { "trap '' XFSZ; ulimit -f \($0); " } ?? ""
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", limit + #"exec "$0" "$@""#, program, file.path, name, "\(count)"]
        process.standardOutput = try FileHandle(forWritingTo: log)
        try process.run()
    }

    /// What it said in whole lines so far.
    var lines: [String] {
        get throws {
            try String(contentsOf: log, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().map(String.init)
        }
    }

    /// The movements that were acknowledged, by note.
    var acknowledged: [String: Position] {
        get throws {
            try lines.reduce(into: [:]) { movements, line in
                let fields = line.split(separator: " ")
                if fields.count == 2, let position = Int64(fields[1]) {
                    movements[String(fields[0])] = Position(rawValue: position)
                }
            }
        }
    }

    func kill() async throws {
        Foundation.kill(process.processIdentifier, SIGKILL)
        try await end()
    }

    func end() async throws {
        try await eventually("the writer ends") { !process.isRunning }
    }
}
