import ArgumentParser
import Foundation
import Inventory
import SQLiteLedger

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies a shop's file, as it is at one moment, into a new file.",
        discussion: """
            The shop may be open meanwhile. The copy is one file, complete and checked; only its owner may read it. It has \
            everything: history, catalog, keys, users, webhooks.

            To prove later that a copy is of the same history, keep the signed ends of the ledgers elsewhere, too (khata \
            audit anchor).
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The new file.", completion: .file())
    var copy: String

    func run() async throws {
        let settings = try await options.settings()
        let path = try settings.shopFile("backed up")
        let made = try await cancellable(settings) { try await LedgerFileCopy.make(of: path, at: copy) }
        print("\(copy) has \(made.summary) of \(path).")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup in the place of a shop's file.",
        discussion: """
            The backup is copied and checked first, and stays as it is. No process may have the shop open.

            What was recorded after the backup was made is not in it. With --replace the shop's present file is kept \
            beside it.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The backup.", completion: .file())
    var copy: String

    @Flag(help: "Keep the shop's present file under another name, and replace it.")
    var replace = false

    func run() async throws {
        let settings = try await options.settings()
        let path = try settings.shopFile("restored")
        guard FileManager.default.fileExists(atPath: copy) else { throw Failure("\(copy) does not exist") }
        let exists = FileManager.default.fileExists(atPath: path)
        guard replace || !exists else {
            throw Failure("\(path) exists: name another file (--sqlite), or replace it with --replace, which keeps it")
        }
        let kept = "\(path).replaced-\(Timestamp.now.description.filter(\.isNumber).prefix(14))"
        let made = try await cancellable(settings) {
            try await LedgerFileCopy.restore(copy, to: path, keepingReplacedAs: replace ? kept : nil)
        }
        print("\(path) has \(made.summary) of \(copy)." + (exists ? " What was there is \(kept)." : ""))
    }
}

extension Settings {
    /// - Parameter done: What is to be done with it.
    fileprivate func shopFile(_ done: String) throws -> String {
        guard case .file(let path) = try storage else {
            throw SettingsError(
                "only a shop in a file is \(done) by this (--sqlite); for PostgreSQL, docs/operations.md says how")
        }
        return path
    }
}

/// Runs `body` until it is done. SIGINT and SIGTERM cancel it.
private func cancellable<T: Sendable>(
    _ settings: Settings, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    do {
        return try await interruptible([], settings.logger(), body)
    } catch is CancellationError {
        throw Failure("interrupted: nothing was changed")
    }
}

extension LedgerFileCopy {
    /// Such as `1,204 entries (3.1 MiB), the last of 2026-11-22T10:00:00Z`.
    fileprivate var summary: String {
        let count = entries == 1 ? "1 entry" : "\(Int(entries).grouped) entries"
        return "\(count) (\(((bytes + 1_023) / 1_024).grouped) KiB)" + (latestAt.map { ", the last at \($0)," } ?? "")
    }
}
