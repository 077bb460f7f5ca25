internal import NIOCore

/// Puts a message together from its frames: the method, a header, and bodies (AMQP 0-9-1, section 4.2.6).
struct ContentAssembly {
    struct Content: Hashable {
        let method: IncomingMethod
        let properties: AMQPProperties
        let body: AMQPDelivery.Body
    }

    private enum State {
        case idle
        case header(IncomingMethod)
        case body(IncomingMethod, AMQPProperties, size: UInt64, missing: UInt64, received: ByteBuffer)
    }

    let maximumBodyBytes: Int
    private var state = State.idle

    init(maximumBodyBytes: Int) {
        self.maximumBodyBytes = maximumBodyBytes
    }

    var isIdle: Bool { if case .idle = state { true } else { false } }

    mutating func begin(_ method: IncomingMethod) {
        state = .header(method)
    }

    /// - Returns: The message, if it has no body.
    mutating func receiveHeader(_ payload: ByteBuffer) throws(AMQPError) -> Content? {
        guard case .header(let method) = state else { throw .malformed("the header of no message") }
        var reader = FieldReader(payload)
        guard try reader.integer() == basicClass else { throw .malformed("a header of an unknown class") }
        // The weight, which is unused.
        _ = try reader.integer(UInt16.self)
        let size = try reader.integer(UInt64.self)
        let properties = try reader.properties()
        guard reader.isAtEnd else { throw .malformed("a header that is too long") }
        state = .body(method, properties, size: size, missing: size, received: ByteBuffer())
        return size == 0 ? finish() : nil
    }

    /// - Returns: The message, if it is complete.
    mutating func receiveBody(_ payload: ByteBuffer) throws(AMQPError) -> Content? {
        guard case .body(let method, let properties, let size, var missing, var received) = state else {
            throw .malformed("the body of no message")
        }
        let count = UInt64(payload.readableBytes)
        guard count > 0, count <= missing else { throw .malformed("a body of another size than announced") }
        missing -= count
        // Leaves the received bytes with one owner: otherwise each frame would copy them.
        state = .idle
        if size <= UInt64(maximumBodyBytes), case .deliver = method {
            if count == size {
                received = payload
            } else {
                received.reserveCapacity(Int(size))
                received.writeImmutableBuffer(payload)
            }
        }
        state = .body(method, properties, size: size, missing: missing, received: received)
        return missing == 0 ? finish() : nil
    }

    private mutating func finish() -> Content? {
        guard case .body(let method, let properties, let size, _, let received) = state else { return nil }
        state = .idle
        let body: AMQPDelivery.Body = size <= UInt64(maximumBodyBytes) ? .bytes(received) : .tooLarge(bytes: size)
        return Content(method: method, properties: properties, body: body)
    }
}
