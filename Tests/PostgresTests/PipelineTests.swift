import Testing

@testable import Postgres

@Suite("the order of a pipeline")
struct PipelineTests {
    private static let a = Statement("a", "SELECT 1")
    private static let b = Statement("b", "SELECT 2")

    private func pipeline(
        _ statements: [Statement], prepared: Set<Statement> = [a, b, .begin, .commit], inTransaction: Bool = false,
        canCommit: Bool = true
    ) -> Pipeline {
        Pipeline(statements, prepared: prepared, inTransaction: inTransaction, canCommit: canCommit)
    }

    @Test("prepares what is not prepared, once, before its first use")
    func steps() {
        let steps = pipeline([Self.a, Self.b, Self.a, Self.b], prepared: [Self.b]).steps
        #expect(
            steps == [
                .prepare(query: 0), .execute(query: 0), .execute(query: 1), .execute(query: 2), .execute(query: 3),
                .sync,
            ])
    }

    @Test("matches answers with what was sent")
    func answers() {
        var pipeline = pipeline([Self.a, Self.b], prepared: [Self.b])
        #expect(pipeline.receive(.success) == .markPrepared(query: 0))
        #expect(pipeline.receive(.end) == .proceed)
        #expect(pipeline.receive(.success) == .keepRows(query: 0))
        #expect(pipeline.receive(.end) == .proceed)
        #expect(pipeline.query == 1)
        #expect(pipeline.receive(.success) == .keepRows(query: 1))
        #expect(pipeline.receive(.end) == .proceed)
        #expect(pipeline.query == nil)
        #expect(pipeline.receive(.synced) == .finish)
    }

    @Test("skips to the sync after a refusal, and marks nothing prepared that was skipped")
    func refusal() {
        var pipeline = pipeline([Self.a, Self.b], prepared: [])
        #expect(pipeline.receive(.refusal) == .keepError(query: 0))
        #expect(pipeline.receive(.end) == .proceed)
        for _ in 0..<3 {
            #expect(pipeline.receive(.skipped) == .proceed)
            #expect(pipeline.receive(.end) == .proceed)
        }
        #expect(pipeline.receive(.synced) == .finish)
        #expect(pipeline.outcome == .notApplied)
    }

    @Test("takes a refusal of the implicit commit")
    func refusalAtSync() {
        var pipeline = pipeline([Self.a])
        _ = pipeline.receive(.success)
        _ = pipeline.receive(.end)
        #expect(pipeline.outcome == .unknown)
        #expect(pipeline.receive(.refusal) == .keepError(query: nil))
        #expect(pipeline.receive(.end) == .proceed)
        #expect(pipeline.outcome == .notApplied)
        #expect(pipeline.receive(.synced) == .finish)
    }

    @Test("abandons answers that are out of order")
    func disorder() {
        var first = pipeline([Self.a])
        #expect(first.receive(.synced) == .abandon)
        var second = pipeline([Self.a])
        #expect(second.receive(.skipped) == .abandon)
        var third = pipeline([Self.a, Self.b])
        _ = third.receive(.refusal)
        _ = third.receive(.end)
        #expect(third.receive(.success) == .abandon)
        #expect(third.receive(.refusal) == .abandon)
    }

    @Test("knows the outcome of what is not answered")
    func outcome() {
        #expect(pipeline([Self.a]).outcome == .unknown)
        #expect(pipeline([Self.a], canCommit: false).outcome == .notApplied)
        #expect(pipeline([Self.a], inTransaction: true).outcome == .notApplied)
        #expect(pipeline([.begin, Self.a]).outcome == .notApplied)
        #expect(pipeline([.begin, Self.a, .commit]).outcome == .unknown)
        #expect(pipeline([Self.a, .commit], inTransaction: true).outcome == .unknown)
        #expect(pipeline([.commit], inTransaction: true, canCommit: false).outcome == .notApplied)
    }

    @Test("knows that a refusal before COMMIT keeps it from running, and that one after it does not undo it")
    func refusalAroundCommit() {
        var before = pipeline([Self.a, .commit], inTransaction: true)
        _ = before.receive(.refusal)
        #expect(before.outcome == .notApplied)
        var at = pipeline([.commit], inTransaction: true)
        _ = at.receive(.refusal)
        #expect(at.outcome == .notApplied)
        var after = pipeline([.commit, Self.a], inTransaction: true)
        _ = after.receive(.success)
        _ = after.receive(.end)
        _ = after.receive(.refusal)
        #expect(after.outcome == .unknown)
    }

    @Test(
        "errs on the side of a commit when SQL does not begin with a word",
        arguments: [
            ("SELECT 1", false), ("  -- COMMIT\n  select 1", false), ("WITH a AS (SELECT 1) SELECT", false),
            ("commit", true), ("-- why\nEND", true), ("/* why */ SELECT 1", true), ("(SELECT 1)", true),
            ("PREPARE TRANSACTION 'x'", true), ("ROLLBACK", true), ("-- nothing", true),
        ])
    func keywords(sql: String, mayEndTransaction: Bool) {
        #expect(Statement("s", sql).mayEndTransaction == mayEndTransaction)
    }
}
