public import Foundation
import GRDB
public import SQLiteLedger

/// A file for a ledger, in a folder of its own.
public struct TestFile: Sendable {
    public let folder: URL

    public init(folder: URL) {
        self.folder = folder
    }

    public var path: String { folder.appending(path: "shop.khata").path(percentEncoded: false) }

    /// Makes a folder, lends the file in it and removes both.
    public static func with<T: Sendable>(_ body: (TestFile) async throws -> T) async throws -> T {
        let file = TestFile(
            folder: FileManager.default.temporaryDirectory.appending(
                path: "khata-test-\(UInt64.random(in: 0...(.max)))"))
        try FileManager.default.createDirectory(at: file.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: file.folder) }
        return try await body(file)
    }

    /// Runs SQL behind the ledger's back.
    public func execute(_ sql: String) throws {
        try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// The first column of a query's rows, as text.
    public func texts(_ sql: String) throws -> [String] {
        try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: sql) }
    }

    /// Runs a ledger in this file while `body` uses it.
    public func withLedger<T: Sendable>(
        _ opening: SQLiteLedger.Opening = .upToDate, limits: LedgerFileLimits = LedgerFileLimits(),
        observer: any LedgerFileObserver = IgnoringFileObserver(), _ body: @Sendable (SQLiteLedger) async throws -> T
    ) async throws -> T {
        let ledger = try await SQLiteLedger.open(path, opening, limits: limits, observer: observer)
        return try await running([ledger]) { try await body(ledger) }
    }
}

public struct IgnoringFileObserver: LedgerFileObserver {
    public init() {}
    public func observe(_ observation: LedgerFileObservation) {}
}
