@preconcurrency import Glibc
import SystemPackage

/// Where a command's result goes: one that is not written there is a failure.
enum StandardOutput {
    /// It is a pipe whose reader has left, as `head` does when it has enough.
    struct Closed: Error {}

    /// Writes what was printed.
    /// - Throws: `Failure`, `Closed`.
    static func flush() throws {
        errno = 0
        guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
        throw failure(errno == 0 ? .ioError : Errno(rawValue: errno))
    }

    /// Writes a text at once, after what was printed.
    /// - Throws: `Failure`, `Closed`.
    static func write(_ text: String) throws {
        try flush()
        do {
            try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch let error as Errno {
            throw failure(error)
        }
    }

    private static func failure(_ error: Errno) -> any Error {
        // An earlier write may have been the one that failed, and its error is not kept.
        var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        let isClosed = poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLERR) != 0
        return isClosed ? Closed() : Failure("The result could not be written to standard output: \(error).")
    }
}

/// Prints a message on standard error, after what was printed on standard output.
func printError(_ text: String, terminator: String = "\n") {
    fflush(stdout)
    // If it cannot be written, there is nobody to tell.
    _ = try? FileDescriptor.standardError.writeAll((text + terminator).utf8)
}
