import Basics
import Foundation
import GRDB

/// The file that a path named when it was opened. If it is renamed, deleted or replaced while it is open, SQLite continues
/// to write to the open one, and to its log, which the next process looks for beside the path.
struct OpenedFile: Sendable {
    let path: String
    private let identity: Identity?

    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t

        init?(of path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, number) = (status.st_dev, status.st_ino)
        }
    }

    /// - Parameter path: Of a file that has just been opened.
    init(path: String) {
        self.path = path
        identity = Identity(of: path)
    }

    var isInPlace: Bool { identity != nil && Identity(of: path) == identity }
    /// Whether there is another file in its place.
    var isReplaced: Bool { Identity(of: path).map { $0 != identity } ?? false }
}

extension OpenedFile {
    /// Closes the pool. The last connection to close checkpoints and removes the log, if it is writable. Of a pool's
    /// connections that is a reader, so another one is closed after them.
    /// - Throws: Also if the file is not in its place any more. Then its log is only copied into it, unless another file has
    ///   its name, whose log that may be by now.
    func close(_ database: DatabasePool, _ lookups: DatabaseQueue) throws {
        let last = isInPlace ? try? DatabaseQueue(path: path) : nil
        var checkpoint: Result<Void, any Error> = .success(())
        if last == nil, !isReplaced {
            checkpoint = Result { _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
        }
        try lookups.close()
        try database.close()
        try last?.close()
        try checkpoint.get()
        guard isInPlace else { throw FileDisplaced() }
    }
}

/// Why nothing is written to a file that was renamed, deleted or replaced while it was open.
struct FileDisplaced: Error, CustomStringConvertible {
    let description = "the file was renamed, deleted or replaced while it was open: put it back, with its -wal and -shm"
}
