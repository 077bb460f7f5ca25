import CRdKafka
import NIOCore
import Synchronization

/// Sends messages to Kafka, each partition's in the order in which they are sent.
///
/// After a message was not confirmed nothing is certain about those behind it, so this producer takes no more.
public final class KafkaProducer: Sendable {
    /// What becomes of messages behind one that the broker refuses.
    enum Order {
        /// None of them may come without it: the producer fails.
        case gapless
        /// They are sent.
        case independent
    }

    fileprivate struct Batch {
        var outcomes: [Result<Void, KafkaError>?]
        var unconfirmed: Int
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<[Result<Void, KafkaError>], Never>
    }

    private struct State {
        var batches: [UInt32: Batch] = [:]
        var next: UInt32 = 0
        var failure: KafkaError?
    }

    /// From a call to the last confirm of its messages.
    private let confirmTimeout: Duration
    private let handle: KafkaHandle
    private let order: Order
    private let state = Mutex(State())

    init(_ handle: KafkaHandle, _ order: Order, confirmTimeout: Duration) {
        self.handle = handle
        self.order = order
        self.confirmTimeout = confirmTimeout
    }

    static func properties(_ order: Order) -> [(String, String)] {
        [
            ("enable.idempotence", "true"), ("enable.gapless.guarantee", order == .gapless ? "true" : "false"),
            // No batch is on its way behind one that may be refused.
            ("max.in.flight.requests.per.connection", order == .gapless ? "1" : "5"),
            // For ever: a message that is given up must not let those behind it pass. The batch's deadline ends the producer.
            ("message.timeout.ms", "0"),
            // As in Java's clients, so that streams of both can be joined.
            ("partitioner", "murmur2_random"),
            // Senders wait for the confirms of everything that they had.
            ("linger.ms", "1"),
            // The broker compares a topic's limit of bytes with those of a batch.
            ("batch.size", "100000"),
            ("request.required.acks", "-1"),
        ]
    }

    /// Why no more can be sent.
    public var failure: KafkaError? { state.withLock(\.failure) }

    /// Returns when each message is confirmed by all replicas that are in sync, or has failed. One that has failed may have
    /// been taken, too.
    /// - Throws: If nothing can be sent through this producer any more. Nothing was sent then.
    public func send(_ messages: [KafkaMessage]) async throws(KafkaError) -> [Result<Void, KafkaError>] {
        guard !messages.isEmpty else { return [] }
        if let failure { throw failure }
        let number = state.withLock { state in
            state.next &+= 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let batch = Batch(
                    outcomes: Array(repeating: nil, count: messages.count), unconfirmed: messages.count,
                    deadline: .now + confirmTimeout, continuation: continuation)
                state.withLock { $0.batches[number] = batch }
                enqueue(messages, number)
            }
        } onCancel: {
            if state.withLock({ $0.batches[number] != nil }) { fail(.cancelled) }
        }
    }

    private func enqueue(_ messages: [KafkaMessage], _ number: UInt32) {
        for (index, message) in messages.enumerated() {
            do throws(KafkaError) {
                try handle.enqueue(message, tag: UInt(number) << 32 | UInt(index) + 1)
            } catch {
                finish(number, index, .failure(error))
                guard order == .gapless else { continue }
                for rest in index + 1..<messages.count { finish(number, rest, .failure(error)) }
                return
            }
        }
        if Task.isCancelled { fail(.cancelled) }
    }

    private func finish(_ number: UInt32, _ index: Int, _ outcome: Result<Void, KafkaError>) {
        let finished = state.withLock { state -> Batch? in
            guard state.batches[number]?.outcomes[index] == nil else { return nil }
            state.batches[number]?.outcomes[index] = outcome
            state.batches[number]?.unconfirmed -= 1
            return state.batches[number]?.unconfirmed == 0 ? state.batches.removeValue(forKey: number) : nil
        }
        finished?.finish(.cancelled)
    }

    /// No more is sent; whoever waits is told.
    /// - Returns: Whether somebody waited.
    @discardableResult
    private func fail(_ error: KafkaError) -> Bool {
        let batches = state.withLock { state in
            state.failure = state.failure ?? error
            defer { state.batches = [:] }
            return state.batches
        }
        for batch in batches.values { batch.finish(error) }
        handle.events.wakeup.wake()
        return !batches.isEmpty
    }

    /// Takes the confirms, until it fails.
    func run() async throws {
        do {
            try await handle.serve(until: hasFailed) { event in
                if event.type == RD_KAFKA_EVENT_DR { event.forEachMessage(report) }
            }
        } catch let error as KafkaError {
            guard fail(error) else { throw error }
        }
        // The next one to send is told, after it has made use of what was confirmed.
        try await Task.sleep(for: .seconds(5))
        throw failure ?? .timedOut
    }

    private func hasFailed() -> Bool {
        let isLate = state.withLock { state in state.batches.values.contains { $0.deadline <= .now } }
        if isLate { fail(.timedOut) }
        return failure != nil
    }

    private func report(_ message: UnsafePointer<rd_kafka_message_t>) {
        let tag = UInt(bitPattern: message.pointee._private)
        let error = message.pointee.err
        let isConfirmed = error == RD_KAFKA_RESP_ERR_NO_ERROR
        finish(
            UInt32(truncatingIfNeeded: tag >> 32), Int(tag & 0xffff_ffff) - 1,
            isConfirmed ? .success(()) : .failure(KafkaError(error)))
    }
}

extension KafkaProducer.Batch {
    /// - Parameter error: Of what is not confirmed.
    fileprivate func finish(_ error: KafkaError) {
        continuation.resume(returning: outcomes.map { $0 ?? .failure(error) })
    }
}

extension KafkaHandle {
    /// Copies the message; does not wait.
    fileprivate func enqueue(_ message: KafkaMessage, tag: UInt) throws(KafkaError) {
        let headers = rd_kafka_headers_new(message.headers.count)
        for header in message.headers {
            // A length of -1 would be that of a C string; no value is a null.
            rd_kafka_header_add(headers, header.name, -1, header.value, header.value?.count ?? 0)
        }
        let error = message.topic.withCString { topic in
            message.key.withBytes { key in
                message.value.withBytes { value in
                    var parts = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
                    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC
                    parts[0].u.cstr = topic
                    parts[1].vtype = RD_KAFKA_VTYPE_KEY
                    parts[1].u.mem = .init(
                        ptr: UnsafeMutableRawPointer(mutating: key?.baseAddress), size: key?.count ?? 0)
                    parts[2].vtype = RD_KAFKA_VTYPE_VALUE
                    parts[2].u.mem = .init(
                        ptr: UnsafeMutableRawPointer(mutating: value?.baseAddress), size: value?.count ?? 0)
                    parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    parts[3].u.i = RD_KAFKA_MSG_F_COPY
                    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE
                    parts[4].u.ptr = UnsafeMutableRawPointer(bitPattern: tag)
                    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS
                    parts[5].u.headers = headers
                    if let timestamp = message.timestamp {
                        var part = rd_kafka_vu_t()
                        part.vtype = RD_KAFKA_VTYPE_TIMESTAMP
                        part.u.i64 = timestamp
                        parts.append(part)
                    }
                    return rd_kafka_produceva(pointer, parts, parts.count)
                }
            }
        }
        guard let error else { return }
        // Unless it was taken.
        rd_kafka_headers_destroy(headers)
        defer { rd_kafka_error_destroy(error) }
        throw KafkaError(rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
    }
}

extension [UInt8]? {
    fileprivate func withBytes<T>(_ body: (UnsafeRawBufferPointer?) -> T) -> T {
        guard let self else { return body(nil) }
        return self.withUnsafeBytes { body($0) }
    }
}

extension ByteBuffer? {
    fileprivate func withBytes<T>(_ body: (UnsafeRawBufferPointer?) -> T) -> T {
        guard let self else { return body(nil) }
        return self.withUnsafeReadableBytes { body($0) }
    }
}
