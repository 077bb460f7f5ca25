import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection's handlers from the bytes of requests to `RequestPipeline`. Like Hummingbird's `HTTP1Channel`, except
/// for how requests are read.
struct RequestChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let pipeline: RequestPipeline
    let limits: HTTPLimits

    var responder: Responder {
        { [pipeline] request, writer, channel in
            let (response, principal) = try await pipeline.respond(
                to: request, from: channel.remoteAddress, on: channel)
            try channel.pipeline.syncOperations.handler(type: ConnectionMeter.self).principal = principal
            try await writer.write(response: response.head, body: response.body)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let handlers = channel.pipeline.syncOperations
            try handlers.addHandler(HTTPResponseEncoder())
            let decoder = RequestDecoder(limits)
            try handlers.addHandler(ByteToMessageHandler(decoder))
            try handlers.addHandler(RequestPersistence(decoder))
            try handlers.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try handlers.addHandler(ConnectionGuard(limits: limits, securityHeaders: pipeline.securityHeaders))
            try handlers.addHandler(BodylessRequestHandler(pipeline))
            // What is read ahead of a body's reader is in no budget, so it is little.
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(
                    backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2), isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        // Hummingbird's calls are deep, and a connection may never need them.
        let handlers = value.channel.pipeline.syncOperations
        try? await handlers.handler(type: BodylessRequestHandler.self).awaitForwarding()
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
