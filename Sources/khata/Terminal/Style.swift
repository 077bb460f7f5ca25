import Foundation

/// Highlighting on a colour terminal. Never the only way to show information.
enum Style: String {
    case heading = "1"
    case alarm = "31"
}

/// Decides whether printed text is highlighted.
struct Styling {
    let isOn: Bool

    /// Only on a capable terminal, and never if `NO_COLOR` is set (https://no-color.org).
    init(isTerminal: Bool, environment: [String: String]) {
        isOn = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// For standard output.
    static let standardOutput = Styling(
        isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)

    func text(_ text: String, _ style: Style?) -> String {
        guard isOn, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
