import Foundation
import LedgerTesting
import ServerTesting

/// A shop in a file that `khata serve` serves, in a process of its own.
struct ServedShop {
    /// Works on it through the server.
    let khata: Program

    /// - Parameter key: For a shop that has one; else the first start makes it.
    static func with(
        _ file: TestFile, _ settings: [String: String] = [:], key: String? = nil,
        _ body: (ServedShop) async throws -> Void
    ) async throws {
        let process = Process()
        process.executableURL = try Program.url
        process.arguments = ["serve", "--port", "0", "--ops-port", "0"]
        process.environment = Program(on: file, settings).environment
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        let log = file.folder.appending(path: "serve.log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let result: Result<Void, any Error>
        do {
            try await eventually("it serves") { try server(in: log) != nil }
            guard let server = try server(in: log), let key = key ?? server.key else { throw NotServing() }
            let khata = Program(environment: ["KHATA_SERVER_URL": server.url, "KHATA_API_KEY": key])
            result = .success(try await body(ServedShop(khata: khata)))
        } catch {
            result = .failure(error)
        }
        process.terminate()
        try await eventually("the server ends") { !process.isRunning }
        try result.get()
    }

    /// The address of `Try: curl -H "Authorization: Bearer KEY" URL/api/v1/…`, and at the first start the key.
    private static func server(in log: URL) throws -> (url: String, key: String?)? {
        let text = try String(contentsOf: log, encoding: .utf8)
        guard let match = text.firstMatch(of: #/Try: .*Bearer (khata_\w+)?.*" (http://[^/]+)//#) else { return nil }
        return (String(match.2), match.1.map(String.init))
    }

    private struct NotServing: Error {}
}
