import Foundation
import Synchronization

/// Resolves host names, each on a thread of its own: a lookup cannot be interrupted, and one whose name servers are silent
/// takes many seconds. Callers who want the same name share its lookup, and can leave at once.
final class HostResolver: Sendable {
    private typealias Caller = AsyncThrowingStream<[String], any Error>.Continuation

    static let system = HostResolver { host in try lookUp(host) }

    /// More names than there can be webhooks.
    private static let maximumLookups = 200

    private let lookUp: @Sendable (String) throws -> [String]
    private let callers = Mutex<[String: [Caller]]>([:])

    /// - Parameter lookUp: May block.
    init(_ lookUp: @escaping @Sendable (String) throws -> [String]) {
        self.lookUp = lookUp
    }

    /// - Returns: The addresses in the order in which they should be tried (RFC 6724).
    func addresses(of host: String) async throws -> [String] {
        let (results, caller) = AsyncThrowingStream<[String], any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let (isFirst, isTooMany) = callers.withLock { callers in
            guard callers[host] != nil || callers.count < Self.maximumLookups else { return (false, true) }
            callers[host, default: []].append(caller)
            return (callers[host]?.count == 1, false)
        }
        guard !isTooMany else { throw DeliveryFailure("\(host) was not resolved: too many names are being looked up") }
        if isFirst { Thread.detachNewThread { self.answer(host) } }
        for try await addresses in results { return addresses }
        throw CancellationError()
    }

    private func answer(_ host: String) {
        let result = Result { try lookUp(host) }
        for caller in callers.withLock({ $0.removeValue(forKey: host) ?? [] }) {
            caller.yield(with: result)
            caller.finish()
        }
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
