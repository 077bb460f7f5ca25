import Postgres
import Testing

@Suite("values reach the server and come back")
struct ValueTests {
    private func echo<T: Sendable>(
        _ type: String, _ parameter: Parameter, _ read: @escaping @Sendable (Row) throws -> T
    ) async throws -> T {
        try await TestServer.withConnection { connection in
            try await connection.run { session in
                try read(session.execute(Statement("echo", "SELECT $1::\(type)"), parameter)[0])
            }
        }
    }

    /// What the server makes of the parameter, in words.
    private func text(_ type: String, _ parameter: Parameter) async throws -> String? {
        try await TestServer.withConnection { connection in
            try await connection.run { session in
                try session.execute(Statement("text", "SELECT ($1::\(type))::text"), parameter)[0].optionalText(0)
            }
        }
    }

    @Test(arguments: [0, 1, -1, .max, .min, 1 << 40] as [Int64])
    func bigint(value: Int64) async throws {
        #expect(try await echo("bigint", .int64(value)) { try $0.int64(0) } == value)
        #expect(try await text("bigint", .int64(value)) == "\(value)")
    }

    @Test("smaller integers are read as Int64")
    func smallerIntegers() async throws {
        try await TestServer.withConnection { connection in
            let values = try await connection.run { session in
                let row = try session.execute(Statement("s", "SELECT (-7)::integer, (-8)::smallint"))[0]
                return try [row.int64(0), row.int64(1)]
            }
            #expect(values == [-7, -8])
        }
    }

    @Test(arguments: ["", "a", "چینی 1 کلو", "🧂 e\u{301}"])
    func text(value: String) async throws {
        #expect(try await echo("text", .text(value)) { try $0.text(0) } == value)
        #expect(try await echo("varchar", .text(value)) { try $0.text(0) } == value)
    }

    @Test(arguments: [[], [0], Array(0...255)] as [[UInt8]])
    func bytea(value: [UInt8]) async throws {
        #expect(try await echo("bytea", .bytes(value)) { try $0.bytes(0) } == value)
    }

    @Test(arguments: [true, false])
    func boolean(value: Bool) async throws {
        #expect(try await echo("boolean", .bool(value)) { try $0.bool(0) } == value)
        #expect(try await text("boolean", .bool(value)) == "\(value)")
    }

    @Test(
        arguments: [
            (0, "1970-01-01 00:00:00+00"), (1_795_204_800_123_456, "2026-11-20 20:00:00.123456+00"),
            (-1, "1969-12-31 23:59:59.999999+00"), (.max, "infinity"), (.min, "-infinity"),
        ] as [(Int64, String)])
    func timestamptz(microseconds: Int64, written: String) async throws {
        #expect(try await echo("timestamptz", .timestamp(microseconds)) { try $0.timestamp(0) } == microseconds)
        #expect(try await text("timestamptz", .timestamp(microseconds)) == written)
    }

    @Test("nil is NULL, in every type")
    func null() async throws {
        #expect(try await echo("bigint", .int64(nil)) { try $0.optionalInt64(0) } == nil)
        #expect(try await echo("text", .text(nil)) { try $0.optionalText(0) } == nil)
        #expect(try await echo("bytea", .bytes(nil)) { try $0.optionalBytes(0) } == nil)
        #expect(try await echo("boolean", .bool(nil)) { try $0.optionalBool(0) } == nil)
        #expect(try await echo("timestamptz", .timestamp(nil)) { try $0.optionalTimestamp(0) } == nil)
        #expect(try await echo("text", .null) { try $0.optionalText(0) } == nil)
        #expect(try await echo("boolean", .bool(false)) { try $0.optionalBool(0) } == false)
    }

    @Test("arrays mean to the server what they mean here")
    func arrays() async throws {
        #expect(try await text("bigint[]", .int64s([1, -2, .max])) == "{1,-2,9223372036854775807}")
        #expect(try await text("bigint[]", .int64s([1, nil])) == "{1,NULL}")
        #expect(try await text("bigint[]", .int64s([] as [Int64])) == "{}")
        #expect(try await text("text[]", .texts(["a", "", "چینی", "NULL"])) == #"{a,"",چینی,"NULL"}"#)
        #expect(try await text("text[]", .texts(["a", nil, ""])) == #"{a,NULL,""}"#)
        #expect(try await text("bytea[]", .byteArrays([[1, 255], []])) == #"{"\\x01ff","\\x"}"#)
        #expect(try await text("bytea[]", .byteArrays([nil, [0]])) == #"{NULL,"\\x00"}"#)
        #expect(try await text("boolean[]", .bools([true, false])) == "{t,f}")
        #expect(try await text("timestamptz[]", .timestamps([0, .max])) == #"{"1970-01-01 00:00:00+00",infinity}"#)
        #expect(try await text("timestamptz[]", .timestamps([nil, 0])) == #"{NULL,"1970-01-01 00:00:00+00"}"#)
    }

    @Test("arrays of 10,000 elements come back")
    func longArrays() async throws {
        let numbers = (0..<10_000).map { Int64($0) * 1_000_003 - 5 }
        #expect(try await echo("bigint[]", .int64s(numbers)) { try $0.int64s(0) } == numbers)
        let names = numbers.map { "number \($0)" }
        #expect(try await echo("text[]", .texts(names)) { try $0.texts(0) } == names)
        #expect(try await echo("text[]", .texts([] as [String])) { try $0.texts(0) } == [])
    }

    @Test("several parameters of mixed kinds keep their places")
    func manyParameters() async throws {
        try await TestServer.withConnection { connection in
            let sql = "SELECT $1::bigint, $2::text, $3::bytea, $4::boolean, $5::bigint, $6::text"
            let correct = try await connection.run { session in
                let row = try session.execute(
                    Statement("mixed", sql), .int64(7), .null, .bytes([9]), .bool(true), .int64(nil), .text(""))[0]
                return try row.int64(0) == 7 && row.optionalText(1) == nil && row.bytes(2) == [9] && row.bool(3)
                    && row.optionalInt64(4) == nil && row.text(5) == ""
            }
            #expect(correct)
        }
    }

    @Test("a text with U+0000 is refused, and the session goes on")
    func zeroCharacter() async throws {
        try await TestServer.withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { _ = try $0.execute(Statement("t", "SELECT $1::text"), .text("a\0b")) }
            }
            #expect(error?.sqlState == "22021")
            try await connection.expectAnswer()
        }
    }

    @Test("what is read as what it is not is an error that says where, and the session goes on")
    func unreadable() async throws {
        try await TestServer.withConnection { connection in
            let sql = """
                SELECT 'a'::text, NULL::bigint, 1.5::numeric, ARRAY[ARRAY[1]]::bigint[], ARRAY[NULL]::bigint[],
                    NULL::boolean, now()
                """
            let reads: [(String, @Sendable (Row) throws -> Void)] = [
                ("column 0 \"text\" is text, not an integer", { _ = try $0.int64(0) }),
                ("column 0 \"text\" is text, not bytea", { _ = try $0.optionalBytes(0) }),
                ("column 1 \"int8\" is NULL", { _ = try $0.int64(1) }),
                ("column 1 \"int8\" is int8, not text", { _ = try $0.text(1) }),
                ("column 2 \"numeric\" has a type that is not read here", { _ = try $0.text(2) }),
                ("column 3 \"array\" is an array of 2 dimensions", { _ = try $0.int64s(3) }),
                ("column 4 \"array\" is an array with a NULL", { _ = try $0.int64s(4) }),
                ("column 4 \"array\" is int8Array, not textArray", { _ = try $0.texts(4) }),
                ("column 5 \"bool\" is NULL", { _ = try $0.bool(5) }),
                ("column 6 \"now\" is timestamptz, not bool", { _ = try $0.optionalBool(6) }),
                ("returned 7 columns, not column 7", { _ = try $0.text(7) }),
            ]
            for (words, read) in reads {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run { try read($0.execute(Statement("odd", sql)).one()) }
                }
                #expect(error?.kind == .unreadable && error?.isRetryable == false)
                #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
            }
            let none = await #expect(throws: PostgresError.self) {
                try await connection.run { _ = try $0.execute(Statement("none", "SELECT 1 WHERE false")).one() }
            }
            #expect(none?.description == "none returned no row")
            try await connection.expectAnswer()
        }
    }

    @Test("rows are a collection; statements without rows tell how many they affected")
    func rows() async throws {
        try await TestServer.withSchema("CREATE TABLE t (n bigint)") { configuration in
            try await TestServer.withConnection(configuration) { connection in
                let (sum, affected, empty) = try await connection.run { session in
                    let rows = try session.execute(Statement("g", "SELECT generate_series(1, 4)::bigint"))
                    let insert = Statement("i", "INSERT INTO t SELECT unnest($1::bigint[])")
                    let inserted = try session.execute(insert, .int64s([1, 2, 3])).affectedCount
                    let none = try session.execute(Statement("n", "SELECT n FROM t WHERE n > 9")).isEmpty
                    return (try rows.reduce(0) { try $0 + $1.int64(0) }, inserted, none)
                }
                #expect(sum == 10)
                #expect(affected == 3)
                #expect(empty)
            }
        }
    }
}
