import Access
import Basics
import Crypto
import RateLimiting

/// Passwords that matched a stored hash in the last twelve hours, and where they came from. So an active user is looked up
/// every few seconds but rehashed once a working day, and wrong passwords from the same site do not lock them out.
///
/// By site, because guesses that match are not limited: others must not test theirs against it.
///
/// A user whose password changed has another stored hash, and a disabled one fails the lookup.
struct ProvenPasswords {
    private struct Entry {
        let hash: String
        let deadline: ContinuousClock.Instant
    }

    private static let memory = Duration.seconds(12 * 3_600)

    /// Fast hashes of passwords are of no use without this process's own key.
    private let key = SymmetricKey(size: .bits256)
    private var entries = RecentlyUsed<[UInt8], Entry>(capacity: 10_000)

    /// - Returns: The stored hash that the password matched, if it did lately.
    func hash(of login: Login, _ password: Password, at now: ContinuousClock.Instant) -> String? {
        entries[digest(login, password)].flatMap { now < $0.deadline ? $0.hash : nil }
    }

    mutating func add(
        _ login: Login, _ password: Password, provenFor hash: String, at now: ContinuousClock.Instant
    ) {
        entries[digest(login, password)] = Entry(hash: hash, deadline: now + Self.memory)
    }

    private func digest(_ login: Login, _ password: Password) -> [UInt8] {
        let text = Array("\(login.name) \(login.site?.description ?? "") ".utf8) + password.bytes
        return Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
