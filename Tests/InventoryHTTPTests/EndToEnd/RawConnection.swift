import Foundation
import NIOCore
import NIOPosix

/// A connection that sends just what it is told, and hears until the server hangs up.
/// - Parameters:
///   - drip: is sent again and again after all else, a hundred times a second.
///   - hangsUp: It says that it sends nothing more, as soon as it has sent all.
///   - isSlow: It takes a few kilobytes at a time, with pauses.
func exchange(
    port: Int, _ parts: [String], drip: String? = nil, hangsUp: Bool = false, isSlow: Bool = false
) async throws -> String {
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    let channel = try await (isSlow ? bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 4_096) : bootstrap)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Sends while it hears: the server may hang up in the middle, and that is no failure here.
            group.addTask {
                for part in parts { try? await outbound.write(ByteBuffer(string: part)) }
                while let drip, (try? await outbound.write(ByteBuffer(string: drip))) != nil {
                    try await Task.sleep(for: .milliseconds(10))
                }
                if hangsUp { outbound.finish() }
            }
            var heard = ByteBuffer()
            do {
                for try await bytes in inbound {
                    heard.writeImmutableBuffer(bytes)
                    if isSlow { try await Task.sleep(for: .milliseconds(2)) }
                }
            } catch is IOError {}
            group.cancelAll()
            return String(buffer: heard)
        }
    }
}

/// Whether a port takes connections. Waits for nothing that the server says: a connection that it takes at the moment at
/// which it stops may only end by being idle.
func isOpen(port: Int) async -> Bool {
    let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port).get()
    guard let channel else { return false }
    try? await channel.close()
    return true
}

/// A conversation on one connection: each part is sent when the answer to the one before is there, and then it is heard
/// until the server hangs up.
/// - Parameter parts: Each but the last is answered with a length.
func converse(port: Int, _ parts: [String]) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        var (heard, answer) = ("", "")
        var rest = parts[...]
        try await outbound.write(ByteBuffer(string: rest.removeFirst()))
        for try await bytes in inbound {
            answer += String(buffer: bytes)
            guard let part = rest.first, answer.isWhole else { continue }
            heard += answer
            answer = ""
            rest.removeFirst()
            try await outbound.write(ByteBuffer(string: part))
        }
        return heard + answer
    }
}

extension String {
    /// Whether it is an answer with all of its body.
    fileprivate var isWhole: Bool {
        guard let end = range(of: "\r\n\r\n"),
            let length = self[..<end.lowerBound].firstMatch(of: /(?i)content-length: (\d+)/)?.output.1
        else { return false }
        return self[end.upperBound...].utf8.count >= Int(length) ?? 0
    }
}
