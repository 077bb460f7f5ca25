import Testing

/// The contract, over real sockets and a real ledger. Needs a server: `KHATA_TEST_PRIMARY_URL`.
@Suite("End to end")
enum EndToEnd {}
