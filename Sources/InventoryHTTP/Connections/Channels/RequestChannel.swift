import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection's handlers from the bytes of requests to `Front`, as Hummingbird's `HTTP1Channel` sets them up, but for what
/// reads the requests.
struct RequestChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let front: Front
    let limits: Limits

    var responder: Responder {
        { [front] request, writer, channel in
            let response = try await front.respond(to: request, from: channel.remoteAddress)
            try await writer.write(response: response.head, body: response.body)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HTTPResponseEncoder())
            let decoder = RequestDecoder(limits)
            try pipeline.addHandler(ByteToMessageHandler(decoder))
            try pipeline.addHandler(RequestPersistence(decoder))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(ConnectionGuard(limits: limits, securityHeaders: front.securityHeaders))
            try pipeline.addHandler(DirectAnswers(front))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
