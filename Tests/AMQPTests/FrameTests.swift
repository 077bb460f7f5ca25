import NIOCore
import Testing

@testable import AMQP

@Suite("frames")
struct FrameTests {
    /// A method, a header, a body, a heartbeat and an empty body, on several channels.
    private let sample: ByteBuffer = {
        var bytes = ByteBuffer()
        for (type, channel, payload) in [
            (FrameType.method, 1, "0123456789"), (.header, 1, "abc"), (.body, 65_535, "\u{ce}\u{1}"),
            (.heartbeat, 0, ""), (.body, 2, String(repeating: "x", count: 5_000)), (.body, 3, ""),
        ] as [(FrameType, UInt16, String)] {
            try? bytes.writeFrame(type, channel: channel) { $0.writeString(payload) }
        }
        return bytes
    }()

    private func frames(_ pieces: [ByteBuffer], limit: Int = 8192) throws(AMQPError) -> [Frame] {
        var decoder = FrameDecoder(maximumFrameBytes: limit)
        var frames: [Frame] = []
        for piece in pieces {
            decoder.append(piece)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        return frames
    }

    @Test("are read the same wherever the network cuts them")
    func cuts() throws {
        let expected = try frames([sample])
        #expect(expected.map(\.type) == [.method, .header, .body, .heartbeat, .body, .body])
        #expect(expected.map(\.channel) == [1, 1, 65_535, 0, 2, 3])
        #expect(expected.map(\.payload.readableBytes) == [10, 3, 3, 0, 5_000, 0])
        for cut in 0...sample.readableBytes { #expect(try frames(sample.cut(at: cut)) == expected, "cut at \(cut)") }
        #expect(try frames(sample.pieces(of: 1)) == expected)
        #expect(try frames(sample.pieces(of: 1_009)) == expected)
    }

    @Test("that are malformed end the decoding", arguments: [0, 4, 5, 6, 7, 9, 255])
    func unknownType(type: UInt8) {
        var bytes = ByteBuffer(bytes: [type, 0, 0, 0, 0, 0, 0, Frame.end])
        #expect(throws: AMQPError.self) { try frames([bytes]) }
        bytes.setInteger(FrameType.heartbeat.rawValue, at: 0)
        #expect(throws: Never.self) { try frames([bytes]) }
        bytes.setInteger(type == Frame.end ? 0 : type, at: 7)
        #expect(throws: AMQPError.self) { try frames([bytes]) }
    }

    @Test("of another protocol are told from broken ones")
    func otherVersion() {
        let error = #expect(throws: AMQPError.self) { try frames([ByteBuffer(string: "AMQP\0\0\u{9}\u{1}")]) }
        #expect(error?.message == "the server refuses AMQP 0-9-1")
        #expect(throws: AMQPError.self) { try frames([ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n")]) }
    }

    @Test("are limited, before their payload has arrived", arguments: [UInt32(4_089), 1 << 20, .max >> 1, .max])
    func limit(size: UInt32) {
        var bytes = ByteBuffer(bytes: [3, 0, 1])
        bytes.writeInteger(size)
        #expect(throws: AMQPError.self) { try frames([bytes], limit: 4096) }
        bytes.setInteger(UInt32(4_088), at: 3)
        #expect(throws: Never.self) { try frames([bytes], limit: 4096) }
    }

    @Test("hand on their payload without a copy")
    func slices() throws {
        let frame = try #require(try frames([sample]).first)
        #expect(
            frame.payload.withUnsafeReadableBytes(\.baseAddress)
                == sample.withUnsafeReadableBytes { $0.baseAddress.map { $0 + Frame.headerBytes } })
    }
}

extension ByteBuffer {
    func cut(at index: Int) -> [ByteBuffer] {
        [getSlice(at: 0, length: index)!, getSlice(at: index, length: readableBytes - index)!]
    }

    func pieces(of length: Int) -> [ByteBuffer] {
        var rest = self
        var pieces: [ByteBuffer] = []
        // Each with storage of its own, as they come from a socket.
        while let piece = rest.readBytes(length: Swift.min(length, rest.readableBytes)), !piece.isEmpty {
            pieces.append(ByteBuffer(bytes: piece))
        }
        return pieces
    }
}
