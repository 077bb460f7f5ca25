import Access
import Crypto

/// Passwords that matched a stored hash in the last minutes. So an active user is looked up every few seconds but
/// rehashed only now and then, and a flood of wrong passwords, which fills the hasher's queue, does not lock out active
/// users.
///
/// A user whose password changed has another stored hash, and a disabled one fails the lookup.
struct ProvenPasswords {
    private struct Entry {
        let hash: String
        let deadline: ContinuousClock.Instant
    }

    private static let memory = Duration.seconds(600)
    private static let capacity = 10_000

    /// Fast hashes of passwords are of no use without this process's own key.
    private let key = SymmetricKey(size: .bits256)
    private var entries: [[UInt8]: Entry] = [:]

    func has(_ name: UserName, _ password: Password, provenFor hash: String, at now: ContinuousClock.Instant) -> Bool {
        guard let entry = entries[digest(name, password)] else { return false }
        return entry.hash == hash && now < entry.deadline
    }

    mutating func add(
        _ name: UserName, _ password: Password, provenFor hash: String, at now: ContinuousClock.Instant
    ) {
        if entries.count >= Self.capacity {
            entries = entries.filter { now < $0.value.deadline }
            if entries.count >= Self.capacity { entries = [:] }
        }
        entries[digest(name, password)] = Entry(hash: hash, deadline: now + Self.memory)
    }

    private func digest(_ name: UserName, _ password: Password) -> [UInt8] {
        let text = Array(name.description.utf8) + [0] + password.bytes
        return Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
