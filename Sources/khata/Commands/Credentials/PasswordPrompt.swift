import Access
import Authentication
import Foundation

/// On a terminal, prompts for a new password twice, without echo; otherwise reads one line of standard input.
/// - Throws: `Failure`, also for a common password, or the user's name with little else.
func readNewPassword(for name: UserName) throws -> Password {
    let text: String
    if isatty(STDIN_FILENO) == 1 {
        text = try withoutEcho { try line(after: "Password: ") }
        guard try withoutEcho({ try line(after: "Again: ") }) == text else {
            throw Failure("The passwords do not match.")
        }
    } else {
        text = try line(after: nil)
    }
    guard let password = Password(new: text) else {
        let range = Password.characters
        throw Failure(
            "A password has \(range.lowerBound) to \(range.upperBound) characters, none of them a control character.")
    }
    guard !password.isCommon(besides: [name.description]) else {
        throw Failure("That password is among the first that anybody would try: take several words, or generate one.")
    }
    return password
}

private func line(after prompt: String?) throws -> String {
    if let prompt { printError(prompt, terminator: "") }
    guard let line = readLine(strippingNewline: true) else { throw Failure("No password was given.") }
    return line
}

/// Ctrl-C is read as a character, which no password has, so that the echo is always restored.
private func withoutEcho(_ read: () throws -> String) throws -> String {
    var terminal = termios()
    guard tcgetattr(STDIN_FILENO, &terminal) == 0 else { throw Failure("The terminal's settings cannot be read.") }
    var silent = terminal
    silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
        throw Failure("The terminal's echo cannot be switched off.")
    }
    defer {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal)
        printError("")
    }
    return try read()
}
