import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends requests to a server, once each.
struct HTTPLink: Sendable {
    let client: HTTPClient
    let address: ServerAddress
    let key: String

    /// The timeout of a response, to its last byte.
    private static let timeout = TimeAmount.seconds(30)
    /// More than any page of the contract.
    private static let maximumBody = 32 << 20

    /// The outcome of one attempt.
    enum Attempt: Sendable {
        case responded(ServerResponse)
        /// It was not sent.
        case unsent(reason: String)
        /// It may have arrived.
        case noResponse(reason: String)
    }

    func attempt(_ request: ServerRequest) async -> Attempt {
        var message = HTTPClientRequest(url: "\(address)/api/v1\(request.target)")
        message.method = request.method
        message.headers.add(name: "Authorization", value: "Bearer \(key)")
        message.headers.add(name: "User-Agent", value: "khata")
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(ByteBuffer(string: body))
        }
        do {
            let response = try await client.execute(message, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.maximumBody)
            return .responded(ServerResponse(status: Int(response.status.code), headers: response.headers, body: body))
        } catch let error where Self.leftUnsent(error) {
            return .unsent(reason: Self.reason(error))
        } catch {
            return .noResponse(reason: Self.reason(error))
        }
    }

    /// Whether the error occurred before there was a connection.
    private static func leftUnsent(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError, is NIOSSLExtraError: return true
        case NIOSSLError.handshakeFailed, NIOSSLError.unableToValidateCertificate: return true
        case let error as IOError: return error.errnoCode == ECONNREFUSED
        default: break
        }
        let early: [HTTPClientError] = [
            .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
        ]
        return (error as? HTTPClientError).map(early.contains) ?? false
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            let failure = error.connectionErrors.first.map { reason($0.error) } ?? "no address could be found"
            return "\(error.host), port \(error.port): \(failure)"
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }
}
