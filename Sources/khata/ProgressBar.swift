import Synchronization

/// The progress of one phase of a long command, on standard error if that is a terminal.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var drawnAt: ContinuousClock.Instant
    }

    private let phase: String
    private let total: Int
    private let unit: String
    private let start: ContinuousClock.Instant
    private let isShown = standardErrorIsTerminal
    private let state: Mutex<State>

    init(_ phase: String, total: Int, of unit: String) {
        self.phase = phase
        self.total = total
        self.unit = unit
        start = .now
        state = Mutex(State(drawnAt: start))
    }

    func advance(by count: Int) {
        state.withLock { state in
            state.done += count
            let now = ContinuousClock.now
            guard isShown, now - state.drawnAt >= .milliseconds(100) else { return }
            state.drawnAt = now
            draw(Self.line(phase, done: state.done, of: total, unit, elapsed: now - start))
        }
    }

    /// Clears the terminal's line.
    func finish() {
        if isShown { draw("") }
    }

    /// Overwrites the previous line.
    private func draw(_ text: String) {
        printError("\r\(text)\u{1B}[K", terminator: "")
    }

    /// Such as `movements [#########---------------]  38 %  14,210 movements/s  9 s left`.
    static func line(_ phase: String, done: Int, of total: Int, _ unit: String, elapsed: Duration) -> String {
        let fraction = Double(done) / Double(max(total, 1))
        let filled = Int(fraction * Double(width))
        let seconds = max(elapsed / .seconds(1), 0.001)
        let left = done > 0 ? Int((seconds * Double(total - done) / Double(done)).rounded(.up)) : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        let percent = Int(fraction * 100)
        return "\(phase) [\(bar)] \(percent < 10 ? "  " : percent < 100 ? " " : "")\(percent) %  "
            + "\(Int(Double(done) / seconds).grouped) \(unit)/s  \(left) s left"
    }

    private static let width = 24
}

extension Int {
    /// Such as `200,000`.
    var grouped: String {
        let digits = String(magnitude)
        let groups = digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : String(digit)
        }
        return (self < 0 ? "-" : "") + groups.joined()
    }
}
