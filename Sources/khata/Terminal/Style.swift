import Foundation

/// How a text stands out on a terminal that shows colours. Never the only sign of anything.
enum Style: String {
    case heading = "1"
    case alarm = "31"
}

/// Whether, and how, what is printed stands out.
struct Styling {
    let isOn: Bool

    /// Only on a terminal that knows how, and never where `NO_COLOR` is set (https://no-color.org).
    init(isTerminal: Bool, environment: [String: String]) {
        isOn = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Of standard output.
    static let standardOutput = Styling(
        isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)

    func text(_ text: String, _ style: Style?) -> String {
        guard isOn, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
