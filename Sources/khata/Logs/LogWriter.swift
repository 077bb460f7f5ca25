import Foundation
import Synchronization

/// Writes the lines of a log from a thread of its own, so that nothing that logs waits for the reader of the log.
///
/// An urgent line is written at once, any other within ``delay``, or when the buffer is half full. While the reader is
/// stalled, lines fill the buffer; those that find it full are dropped, and the log says how many once it can be written
/// again.
///
/// `@unchecked Sendable`: `condition` guards everything that changes.
final class LogWriter: @unchecked Sendable {
    /// Whole lines, in memory of their own.
    fileprivate struct Block {
        let bytes: UnsafeMutableRawPointer
        var count = 0
    }

    private let descriptor: CInt
    private let capacity: Int
    private let droppedLine: @Sendable (Int) -> String
    private let dropped = Atomic(0)

    private let condition = NSCondition()
    /// On the heap, for ``writeOnCrash()``.
    private let waiting: UnsafeMutablePointer<Block>
    private var writing: Block
    private var isUrgent = false
    /// Dropped lines that the log has not told yet.
    private var untold = 0

    static let delay: TimeInterval = 0.1

    /// - Parameters:
    ///   - descriptor: Where to write. Stays open for as long as the process lives, and so does the writer.
    ///   - capacity: The maximum bytes that wait, and those that are being written.
    ///   - droppedLine: The line that says how many were dropped.
    init(to descriptor: CInt, capacity: Int = 1 << 20, droppedLine: @escaping @Sendable (Int) -> String) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.droppedLine = droppedLine
        waiting = .allocate(capacity: 1)
        waiting.initialize(to: Block(bytes: .allocate(byteCount: capacity, alignment: 1)))
        writing = Block(bytes: .allocate(byteCount: capacity, alignment: 1))
        let thread = Thread { self.run() }
        thread.name = "log"
        thread.start()
    }

    /// Lines that were dropped since the start.
    var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Never waits for the reader.
    /// - Parameter line: With its line break.
    func add(_ line: String, isUrgent: Bool) {
        var line = line
        line.withUTF8 { bytes in
            condition.lock()
            defer { condition.unlock() }
            guard waiting.pointee.count + bytes.count <= capacity else { return drop(1) }
            let isFirst = waiting.pointee.count == 0
            waiting.pointee.append(bytes)
            let wakes = isUrgent || waiting.pointee.count > capacity / 2
            guard isFirst || wakes && !self.isUrgent else { return }
            self.isUrgent = self.isUrgent || wakes
            condition.broadcast()
        }
    }

    /// Waits until everything is written, or the time is over because the reader is stalled.
    func flush(within limit: TimeInterval = 1) {
        let deadline = Date(timeIntervalSinceNow: limit)
        condition.lock()
        defer { condition.unlock() }
        isUrgent = true
        condition.broadcast()
        while waiting.pointee.count + writing.count > 0, condition.wait(until: deadline) {}
    }

    private func run() -> Never {
        condition.lock()
        while true {
            while waiting.pointee.count == 0 { condition.wait() }
            let deadline = Date(timeIntervalSinceNow: Self.delay)
            while !isUrgent, condition.wait(until: deadline) {}
            isUrgent = false
            swap(&waiting.pointee, &writing)
            let told = untold
            untold = 0
            condition.unlock()
            let lost = write(UnsafeRawBufferPointer(start: writing.bytes, count: writing.count))
            var isTold = true
            if told > 0 {
                var line = droppedLine(told)
                isTold = line.withUTF8 { write(UnsafeRawBufferPointer($0)) } == 0
            }
            condition.lock()
            writing.count = 0
            drop(lost)
            if !isTold { untold += told }
            condition.broadcast()
        }
    }

    private func drop(_ lines: Int) {
        untold += lines
        dropped.wrappingAdd(lines, ordering: .relaxed)
    }

    /// - Returns: How many lines could not be written, for example because the disk is full.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // Whoever shares the descriptor has made it non-blocking.
                var awaited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&awaited, 1, -1)
            } else if errno != EINTR {
                return rest.count(where: { $0 == UInt8(ascii: "\n") })
            }
        }
        return 0
    }
}

extension LogWriter.Block {
    fileprivate mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let start = more.baseAddress else { return }
        (bytes + count).copyMemory(from: start, byteCount: more.count)
        count += more.count
    }
}

// MARK: Crashes

extension LogWriter {
    /// What the handler of signals needs. Set once, before there is one.
    nonisolated(unsafe) private static var crash:
        (descriptor: CInt, block: UnsafeMutablePointer<Block>, previous: UnsafeMutablePointer<sigaction>)?

    private static let crashSignals = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// Writes what waits when the process crashes, as far as that is possible, then lets it crash as it would have.
    ///
    /// To be called once for the process.
    func writeOnCrash() {
        let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: Int(SIGSEGV) + 1)
        Self.crash = (descriptor, waiting, previous)
        for signal in Self.crashSignals {
            var action = sigaction()
            action.sa_flags = SA_SIGINFO
            // Only what is async-signal-safe: no lock, no allocation. Another thread may be adding a line.
            action.__sigaction_handler.sa_sigaction = { signal, info, _ in
                guard let crash = LogWriter.crash else { return }
                // A reader that is stalled keeps no process alive.
                _ = fcntl(crash.descriptor, F_SETFL, fcntl(crash.descriptor, F_GETFL) | O_NONBLOCK)
                _ = Foundation.write(crash.descriptor, crash.block.pointee.bytes, crash.block.pointee.count)
                crash.block.pointee.count = 0
                // An instruction that failed runs again, into the handler that there was before.
                sigaction(signal, crash.previous + Int(signal), nil)
                if let info, info.pointee.si_code <= 0 { raise(signal) }
            }
            sigaction(signal, &action, previous + Int(signal))
        }
    }
}
