public import Inventory

/// Why a credential was not verified at all.
public enum AuthenticationError: Error {
    /// `.unavailable` or `.overloaded`.
    case ledger(LedgerError)
    /// Wrong passwords came too often. The next one is tried after this time.
    case paused(Duration)
    /// A password that came unencrypted over a network.
    case unencrypted
}
