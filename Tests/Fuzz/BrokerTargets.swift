import NIOCore

@testable import AMQP

extension FuzzTarget {
    /// What a broker sends on an open connection with a consumer and messages in flight: it ends the same wherever it is
    /// cut. And tables: what is read is written and read again.
    static let amqp = FuzzTarget("amqp") { input in
        let bytes = ByteBuffer(bytes: input)
        let whole = play([bytes])
        let length = 1 + input.count % 13
        let pieces = stride(from: 0, to: input.count, by: length).map { start in
            ByteBuffer(bytes: input[start..<min(start + length, input.count)])
        }
        try require(play(pieces) == whole, "it depends on the cuts")
        if let values = try? AMQPTable(encoded: bytes).values() {
            var written = ByteBuffer()
            // Texts that were repaired may be too long for keys.
            guard (try? written.writeTable(AMQPTable(values))) != nil else { return }
            var reader = FieldReader(written)
            try require((try? reader.table().values().keys) == values.keys, "it is not the same")
        }
    }
}

/// - Returns: Why the session ended, if it did.
private func play(_ pieces: [ByteBuffer]) -> AMQPError? {
    guard let configuration = try? AMQPConfiguration(url: "amqp://broker") else { fatalError("the URL is invalid") }
    var session = Session(configuration)
    do throws(AMQPError) {
        try session.receive(greeting)
        guard let channel = session.openChannel(Call()) else { fatalError("the session is not open") }
        try session.receive(opened)
        session.consume(
            .consume(queue: "q", isExclusive: false, arguments: [:]), Deliveries(prefetch: 3), Call(), on: channel)
        session.publish(Publication(messages), on: channel)
        session.fill()
        for piece in pieces { try session.receive(piece) }
        session.fill()
        try session.tick()
    } catch {
        return error
    }
    return nil
}

private let messages = (0..<3).map { number in
    var message = AMQPMessage(exchange: "", routingKey: "q", body: ByteBuffer(), isMandatory: true)
    message.properties.messageID = "\(number)"
    return message
}

private let greeting: ByteBuffer = {
    var bytes = ByteBuffer()
    append(.connectionStart, 0, [0, 9, 0, 0, 0, 0, 0, 0, 0, 5] + Array("PLAIN".utf8) + [0, 0, 0, 0], to: &bytes)
    append(.connectionTune, 0, [0, 9, 0, 0, 0x20, 0, 0, 60], to: &bytes)
    append(.connectionOpenOK, 0, [0], to: &bytes)
    return bytes
}()

private let opened: ByteBuffer = {
    var bytes = ByteBuffer()
    append(.channelOpenOK, 1, [0, 0, 0, 0], to: &bytes)
    append(.confirmSelectOK, 1, [], to: &bytes)
    return bytes
}()

private func append(_ method: MethodID, _ channel: UInt16, _ arguments: [UInt8], to bytes: inout ByteBuffer) {
    try? bytes.writeFrame(.method, channel: channel) { payload in
        payload.writeInteger(method.rawValue)
        payload.writeBytes(arguments)
    }
}
