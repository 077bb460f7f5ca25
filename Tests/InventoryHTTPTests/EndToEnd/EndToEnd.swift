import Testing

/// The contract, over real sockets and a real ledger. Needs a server: `KHATA_TEST_PRIMARY_URL`.
///
/// One at a time: each has a database of its own, and a server takes only so many connections.
@Suite("End to end", .serialized)
enum EndToEnd {}
