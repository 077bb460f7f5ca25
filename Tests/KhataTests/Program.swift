import Foundation
import LedgerTesting
import ServerTesting

/// The program as it was built beside the tests.
struct Program {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        var lines: [Substring] { output.split(separator: "\n") }
    }

    let environment: [String: String]

    init(on database: TestDatabase, _ more: [String: String] = [:]) {
        environment = [
            "KHATA_PRIMARY_URL": database.primaryURL, "KHATA_PRIMARY_SERVING_ROLE": TestDatabase.servingRole,
        ].merging(more) { $1 }
    }

    /// - Parameter environment: All that the program sees of it.
    init(environment: [String: String]) {
        self.environment = environment
    }

    init(on file: TestFile, _ more: [String: String] = [:]) {
        environment = [
            "KHATA_SQLITE_FILE": file.path, "KHATA_PRIMARY_SERVING_ROLE": TestDatabase.servingRole,
        ].merging(more) { $1 }
    }

    /// Runs a command to its end.
    /// - Parameter last: Begins the line that is awaited on standard output: then the command is told to stop.
    func run(_ arguments: [String], input: String = "", until last: String? = nil) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try run(arguments, input, last) })
            }
        }
    }

    /// Starts a command, to be killed or waited for; what it says goes into `log`.
    /// - Parameter shell: What a shell does first, which then becomes the command.
    func start(
        _ arguments: [String], after shell: String? = nil, input: FileHandle = .nullDevice, log: URL
    ) throws -> RunningProgram {
        try Data().write(to: log)
        let process = try process(arguments)
        if let shell, let program = process.executableURL {
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", #"\#(shell); exec "$0" "$@""#, program.path] + arguments
        }
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        return RunningProgram(process: process, log: log)
    }

    private func process(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = try Self.url
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        return process
    }

    private func run(_ arguments: [String], _ input: String, _ last: String?) throws -> Outcome {
        let process = try process(arguments)
        let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardError
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        // What these commands say on standard error fits into a pipe.
        var output = Data()
        if let last {
            let limit = DispatchWorkItem { process.terminate() }
            DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: limit)
            while !Self.isComplete(output, last) {
                let more = standardOutput.fileHandleForReading.availableData
                if more.isEmpty { break }
                output += more
            }
            limit.cancel()
            process.terminate()
        }
        output += try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        let errors = try standardError.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }

    /// Whether a whole line begins so.
    private static func isComplete(_ output: Data, _ last: String) -> Bool {
        String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .contains { $0.hasPrefix(last) }
    }

    /// In the folder of the bundle that holds the tests.
    static var url: URL {
        get throws {
            for argument in CommandLine.arguments where argument.contains(".xctest") {
                var folder = URL(filePath: argument)
                while folder.path != "/" {
                    folder.deleteLastPathComponent()
                    let program = folder.appending(component: "khata")
                    if FileManager.default.isExecutableFile(atPath: program.path),
                        (try? program.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
                    {
                        return program
                    }
                }
            }
            throw MissingProgram(arguments: CommandLine.arguments)
        }
    }
}

/// A command under way.
struct RunningProgram {
    fileprivate let process: Process
    fileprivate let log: URL

    /// With what it said, in the order in which it said it, as errors.
    func end() async throws -> Program.Outcome {
        try await eventually("the program ends") { !process.isRunning }
        return Program.Outcome(
            status: process.terminationStatus, output: "", errors: try said)
    }

    var said: String {
        get throws { try String(contentsOf: log, encoding: .utf8) }
    }

    var id: Int32 { process.processIdentifier }

    func kill(_ signal: Int32 = SIGKILL) {
        Foundation.kill(id, signal)
    }
}

struct MissingProgram: Error {
    let arguments: [String]
}
