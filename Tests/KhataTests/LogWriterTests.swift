import AsyncHTTPClient
import Foundation
import LedgerTesting
import NIOCore
import ServerTesting
import Testing

@testable import khata

@Suite("Writer of the log")
struct LogWriterTests {
    @Test("lines are written in order, and all of them, whoever is in a hurry")
    func order() throws {
        let pipe = Pipe()
        let writer = LogWriter(to: pipe.fileHandleForWriting.fileDescriptor) { "\($0) dropped\n" }
        for number in 0..<1_000 { writer.add("\(number)\n", isUrgent: number % 7 == 0) }
        writer.flush()
        let lines = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self).split(separator: "\n")
        #expect(lines == (0..<1_000).map { "\($0)" })
    }

    @Test("a line that is not urgent is written after a while, without another one")
    func delay() async throws {
        let pipe = Pipe()
        let writer = LogWriter(to: pipe.fileHandleForWriting.fileDescriptor) { "\($0) dropped\n" }
        writer.add("alone\n", isUrgent: false)
        // Waits until there is something.
        #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "alone\n")
    }

    @Test("while the reader is stalled, nobody waits for it; what is dropped is counted, and told afterwards")
    func stalled() throws {
        let (pipe, capacity, number) = (Pipe(), 100_000, 50_000)
        let writer = LogWriter(to: pipe.fileHandleForWriting.fileDescriptor, capacity: capacity) {
            "dropped \($0)\n"
        }
        for number in 0..<number { writer.add("line \(number)\n", isUrgent: false) }
        #expect(writer.droppedLines > number / 4)
        let start = ContinuousClock.now
        writer.flush(within: 0.05)
        #expect(.now - start < .seconds(30))
        // Each block that was full is followed by what was dropped meanwhile.
        var (text, told) = ("", 0)
        while told < writer.droppedLines {
            text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
            told = text.matches(of: /dropped (\d+)\n/).compactMap { Int($0.1) }.reduce(0, +)
        }
        let written = text.matches(of: /line (\d+)\n/).compactMap { Int($0.1) }
        let isInOrder = zip(written, written.dropFirst()).allSatisfy { $0 < $1 }
        #expect(isInOrder && told == writer.droppedLines && written.count + told == number)
    }

    @Test("lines that cannot be written are counted, and logging goes on")
    func full() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        let writer = LogWriter(to: descriptor) { "\($0) dropped\n" }
        for count in 1...3 {
            writer.add("line\n", isUrgent: true)
            writer.flush()
            #expect(writer.droppedLines == count)
        }
    }

    @Test("what was logged is in the log when the process ends, or crashes", arguments: [SIGTERM, SIGABRT, SIGILL])
    func end(signal: Int32) async throws {
        try await TestFile.with { file in
            // Swift's backtrace of a crash may take minutes.
            let program = Program(on: file, ["KHATA_LOG_REQUESTS": "1", "SWIFT_BACKTRACE": "enable=no"])
            let server = try program.start(
                ["serve", "--port", "0", "--ops-port", "0"], log: file.folder.appending(path: "serve.log"))
            defer { server.kill() }
            try await eventually("it serves") { try server.said.contains("serving url=") }
            let url = try #require(try server.said.firstMatch(of: /serving url=(\S+)/)).output.1
            for number in 0..<20 {
                let request = HTTPClientRequest(url: "\(url)/livez?\(number)")
                _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30)).body.collect(upTo: 1_000)
            }
            server.kill(signal)
            let said = try await server.end().errors
            #expect(said.ranges(of: "path=/livez").count == 20, "\(said)")
        }
    }
}
