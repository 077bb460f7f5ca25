import AsyncHTTPClient
import Foundation
import Inventory
import NIOCore
import NIOSSL

/// What became of an attempt to deliver an event.
public enum DeliveryOutcome: String, CaseIterable, Sendable {
    case delivered
    /// The receiver responded that it did not take the event.
    case refused
    /// There was no response.
    case unreachable
}

/// Why a receiver does not have an event.
public struct DeliveryFailure: Error, Hashable, Sendable {
    /// For administrators; has no secrets.
    public let reason: String
    /// The receiver's status, if it responded.
    public var status: Int?
    /// What the receiver asks for.
    var retryAfter: Duration?
    var outcome: DeliveryOutcome { status == nil ? .unreachable : .refused }
    /// It wants no more events: status 410.
    var isGone: Bool { status == 410 }

    init(_ reason: String, status: Int? = nil, retryAfter: Duration? = nil) {
        self.reason = reason
        self.status = status
        self.retryAfter = retryAfter
    }
}

extension DeliveryFailure {
    /// The maximum length of what an error of the network says.
    private static let maximumDetail = 200

    init(sending error: any Error, within timeout: Duration) {
        if error is TimeLimitExceeded || error as? HTTPClientError == .connectTimeout {
            self.init("the receiver did not respond within \(timeout.components.seconds) seconds")
        } else if error as? HTTPClientError == .remoteConnectionClosed {
            self.init("the receiver closed the connection without a response")
        } else {
            let (kind, detail) =
                switch error {
                case let error as NIOSSLError: ("no TLS with the receiver", error.explanation)
                case is NIOSSLExtraError: ("no TLS with the receiver", "\(error)")
                case let error as IOError:
                    ("the receiver cannot be reached", String(cString: strerror(error.errnoCode)))
                default: ("the receiver cannot be reached", "\(error)")
                }
            self.init("\(kind): \(detail.prefix(Self.maximumDetail))")
        }
    }
}

extension NIOSSLError {
    /// Without the source files that its description names.
    fileprivate var explanation: String {
        guard case .handshakeFailed(.sslError(let stack)) = self else { return "\(self)" }
        // Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at /…/handshake.cc:297
        return stack.map { error in
            "\(error)".components(separatedBy: " at /")[0].split(separator: ":").last.map {
                $0.trimmingCharacters(in: .whitespaces).replacing("_", with: " ").lowercased()
            } ?? "unknown"
        }.joined(separator: ", ")
    }
}

struct TimeLimitExceeded: Error {}

/// - Throws: `TimeLimitExceeded`, once `body`, which is cancelled then, has ended.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimeLimitExceeded()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw TimeLimitExceeded() }
        return value
    }
}

/// The wait that `Retry-After` asks for: seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 10.2.3).
func retryAfter(_ field: String, at now: Timestamp) -> Duration? {
    if let seconds = Int64(field), seconds >= 0 { return .seconds(min(seconds, Int64(Int32.max))) }
    let parts = field.split(separator: " ")
    guard parts.count == 6, let month = months.firstIndex(of: parts[2]), parts[5] == "GMT",
        let date = Timestamp("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    else { return nil }
    return .microseconds(max(0, date.microseconds - now.microseconds))
}

private let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]
