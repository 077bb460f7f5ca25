import Foundation
import SystemPackage

/// The whole of the terminal: its other contents are there again after `leave`.
struct FullScreen {
    private let settings: termios?

    /// Keys are not echoed, and are read one by one; Ctrl-C is one of them.
    init() throws {
        var settings = termios()
        if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 {
            self.settings = settings
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        } else {
            self.settings = nil
        }
        // The alternate screen, without a cursor.
        try Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    func leave() {
        // A terminal that is gone needs nothing.
        try? Self.write("\u{1B}[?25h\u{1B}[?1049l")
        if var settings { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
    }

    /// In characters.
    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// - Parameter lines: No more, and none longer, than fit.
    func draw(_ lines: [String]) throws {
        // From the top, each line's rest and what is below erased: nothing flickers.
        try Self.write("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private static func write(_ text: String) throws {
        try FileDescriptor.standardOutput.writeAll(text.utf8)
    }
}
