import Foundation

/// Resolves host names on threads of its own. A lookup cannot be interrupted, and one whose name servers are silent takes a
/// thread for many seconds; its caller can leave at once.
final class HostResolver: Sendable {
    static let system = HostResolver { host in try lookUp(host) }

    private static let maximumThreads = 32

    private let queue = OperationQueue()
    private let lookUp: @Sendable (String) throws -> [String]

    /// - Parameter lookUp: May block.
    init(_ lookUp: @escaping @Sendable (String) throws -> [String]) {
        self.lookUp = lookUp
        queue.maxConcurrentOperationCount = Self.maximumThreads
    }

    /// - Returns: The addresses in the order in which they should be tried (RFC 6724); a numeric one as it is.
    func addresses(of host: String) async throws -> [String] {
        let (results, continuation) = AsyncThrowingStream<[String], any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let operation = BlockOperation { [lookUp] in
            do {
                continuation.yield(try lookUp(host))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in operation.cancel() }
        queue.addOperation(operation)
        for try await addresses in results { return addresses }
        throw CancellationError()
    }

    private static func lookUp(_ host: String) throws -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw DeliveryFailure("\(host) cannot be resolved: \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let info = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            next = info.ai_next
        }
        return addresses
    }
}
