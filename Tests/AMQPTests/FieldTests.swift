import NIOCore
import Testing

@testable import AMQP

@Suite("fields")
struct FieldTests {
    private let table: AMQPTable = [
        "void": .void, "yes": true, "small": -1, "large": .int(.min), "half": .double(-0.5), "text": "ü",
        "bytes": .bytes(ByteBuffer(bytes: [0, 1])), "when": .timestamp(.max), "list": .array([1, .array([]), "a"]),
        "table": .table(["in": .table([:])]),
    ]

    private func encoded(_ table: AMQPTable) throws -> ByteBuffer {
        var bytes = ByteBuffer()
        try bytes.writeTable(table)
        return bytes
    }

    private func decoded(_ bytes: ByteBuffer) throws -> [String: AMQPValue] {
        var reader = FieldReader(bytes)
        return try reader.table().values()
    }

    /// A table with one entry `a`.
    private func entry(_ value: [UInt8]) -> ByteBuffer {
        var bytes = ByteBuffer(integer: UInt32(value.count + 2))
        bytes.writeBytes([1, UInt8(ascii: "a")] + value)
        return bytes
    }

    @Test("a table is read as it was written, and received ones are sent again as they are")
    func tables() throws {
        let bytes = try encoded(table)
        #expect(try decoded(bytes) == table.values())
        var reader = FieldReader(bytes)
        #expect(try encoded(reader.table()) == bytes)
        #expect(AMQPTable().isEmpty)
        #expect(!table.isEmpty)
    }

    @Test(
        "every type of RabbitMQ is read",
        arguments: [
            ("t\u{0}", .bool(false)), ("b\u{7f}", 127), ("B\u{7f}", 127), ("s\u{1}\u{0}", 256), ("u\u{1}\u{0}", 256),
            ("I\u{0}\u{0}\u{1}\u{0}", 256), ("i\u{0}\u{0}\u{1}\u{0}", 256),
            ("l\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{1}\u{0}", 256), ("f\u{40}\u{0}\u{0}\u{0}", .double(2)),
            ("d\u{40}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", .double(2)), ("D\u{1}\u{0}\u{0}\u{0}\u{19}", .double(2.5)),
            ("S\u{0}\u{0}\u{0}\u{1}x", "x"), ("x\u{0}\u{0}\u{0}\u{1}x", .bytes(ByteBuffer(string: "x"))),
            ("T\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{1}", .timestamp(1)), ("V", .void),
            ("A\u{0}\u{0}\u{0}\u{1}V", .array([.void])), ("F\u{0}\u{0}\u{0}\u{3}\u{1}bV", .table(["b": .void])),
        ] as [(String, AMQPValue)])
    func types(text: String, value: AMQPValue) throws {
        let bytes = Array(text.utf8)
        #expect(try decoded(entry(bytes)) == ["a": value])
        for length in 0..<bytes.count {
            #expect(throws: AMQPError.self) { try decoded(entry(Array(bytes.prefix(length)))) }
        }
    }

    @Test("an element does not reach beyond its array, nor a table beyond its frame")
    func overreach() {
        #expect(throws: AMQPError.self) { try decoded(entry(Array("A\0\0\0\u{1}S\0\0\0\u{1}x".utf8))) }
        #expect(throws: AMQPError.self) { try decoded(entry(Array("S".utf8) + [255, 255, 255, 255, 1])) }
        #expect(throws: AMQPError.self) { try decoded(ByteBuffer(bytes: [255, 255, 255, 255, 0])) }
        #expect(throws: AMQPError.self) { try decoded(entry(Array("?".utf8))) }
    }

    @Test("nesting is limited in both directions")
    func nesting() throws {
        func nested(_ depth: Int) -> AMQPTable {
            AMQPTable(["a": (0..<depth).reduce(AMQPValue.void) { value, _ in .array([value]) }])
        }
        #expect(try decoded(encoded(nested(15))) == nested(15).values())
        #expect(throws: AMQPError.self) { try encoded(nested(16)) }
        var deep: [UInt8] = []
        for _ in 0..<5_000 {
            deep = Array("A".utf8) + withUnsafeBytes(of: UInt32(deep.count).bigEndian, Array.init) + deep
        }
        #expect(throws: AMQPError.self) { try decoded(entry(deep)) }
    }

    @Test("each property is read as it was written, alone and with all others")
    func properties() throws {
        var all = AMQPProperties()
        let texts: [WritableKeyPath<AMQPProperties, String?>] = [
            \.contentType, \.contentEncoding, \.correlationID, \.replyTo, \.expiration, \.messageID, \.type, \.userID,
            \.appID,
        ]
        var samples = [all]
        for (index, path) in texts.enumerated() {
            var alone = AMQPProperties()
            alone[keyPath: path] = "text \(index)"
            all[keyPath: path] = "text \(index)"
            samples.append(alone)
        }
        (all.priority, all.timestamp, all.isPersistent) = (9, .max, false)
        samples.append(all)
        for properties in samples {
            var bytes = ByteBuffer()
            try bytes.writeProperties(properties)
            var reader = FieldReader(bytes)
            #expect(try reader.properties() == properties)
            #expect(reader.isAtEnd)
            for length in 0..<bytes.readableBytes {
                var reader = FieldReader(bytes.getSlice(at: 0, length: length)!)
                #expect(throws: AMQPError.self) { try reader.properties() }
            }
        }
        var reader = FieldReader(ByteBuffer(bytes: [0, 1, 0, 0]))
        #expect(throws: AMQPError.self) { try reader.properties() }
    }

    @Test("headers that cannot be read do not prevent the message from being read")
    func unreadableHeaders() throws {
        var bytes = ByteBuffer(bytes: [0x20, 0x80])
        bytes.writeImmutableBuffer(entry(Array("?".utf8)))
        bytes.writeBytes([2, UInt8(ascii: "i"), UInt8(ascii: "d")])
        var reader = FieldReader(bytes)
        let properties = try reader.properties()
        #expect(properties.messageID == "id")
        #expect(throws: AMQPError.self) { try properties.headers?.values() }
    }

    @Test("texts above 255 bytes are refused, and nothing of their frame is written")
    func longTexts() throws {
        var bytes = ByteBuffer(string: "before")
        for length in [255, 256] {
            let name = String(repeating: "x", count: length)
            let write = {
                try bytes.writeMethod(.publish(exchange: "", routingKey: name, isMandatory: false), channel: 1)
            }
            if length == 255 {
                #expect(throws: Never.self) { try write() }
                bytes.moveWriterIndex(to: 6)
            } else {
                #expect(throws: AMQPError.self) { try write() }
            }
        }
        #expect(bytes == ByteBuffer(string: "before"))
        #expect(throws: AMQPError.self) {
            try bytes.writeMethod(.queueDeclare(AMQPQueueDeclaration("q")), channel: 1, maximumBytes: 20)
        }
        #expect(bytes == ByteBuffer(string: "before"))
    }
}
