import Basics
import Crypto
public import Foundation

/// A CSV file on disk, which is read twice: to check it, then to import it.
public struct StockFile: Sendable {
    public let url: URL

    public init(_ url: URL) {
        self.url = url
    }

    private static let bytesAtOnce = 65_536

    /// Reads from the beginning. Invalid CSV is detected while reading.
    func reader() throws -> CSVReader {
        let handle = try FileHandle(forReadingFrom: url)
        return CSVReader { [UInt8](try handle.read(upToCount: Self.bytesAtOnce) ?? Data()) }
    }

    /// The header row.
    /// - Throws: `StockFileError` if there is none, `CSVError`, and what reading the file throws.
    public func firstRecord() throws -> CSVRecord {
        var reader = try reader()
        guard let first = try reader.next() else { throw StockFileError("the file is empty") }
        return first
    }

    /// SHA-256 of its contents, in hexadecimal, which identifies an import.
    func digest() throws -> String {
        let handle = try FileHandle(forReadingFrom: url)
        var hash = SHA256()
        while let bytes = try handle.read(upToCount: Self.bytesAtOnce), !bytes.isEmpty { hash.update(data: bytes) }
        return hash.finalize().hexadecimal
    }
}
