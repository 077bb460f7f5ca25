/// A parser of bytes from outside: libFuzzer feeds it with what it makes up (`ops/fuzz`), and `SeedTests` with the files of
/// `Seeds/<name>`: examples, and what once broke it.
///
/// The name is an option of `ops/fuzz`. Bad input may be refused by any error but `Defect`.
struct FuzzTarget: Sendable, CustomStringConvertible {
    let name: String
    let run: @Sendable ([UInt8]) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.name = name
        self.run = run
    }

    /// For a parser of texts, which gets invalid UTF-8 repaired, as everywhere.
    init(_ name: String, text run: @escaping @Sendable (String) async throws -> Void) {
        self.init(name) { try await run(String(decoding: $0, as: UTF8.self)) }
    }

    static let all: [FuzzTarget] = [
        .json, .bodies, .requests, .targets, .conditions, .cursors, .changeCursors,
        .credentials, .tokens, .keySets, .forwarding, .webhooks,
        .replies, .documents, .amqp,
        .csv, .imports, .heads, .settings, .metrics, .values, .stored,
    ]

    var description: String { name }
}

/// What a parser must not do.
struct Defect: Error {
    let what: String
    init(_ what: String) { self.what = what }
}

/// - Throws: `Defect` unless the condition holds.
func require(_ condition: Bool, _ what: String) throws(Defect) {
    if !condition { throw Defect(what) }
}
