/// The contract's problem codes.
public enum ProblemCode: String, CaseIterable, Sendable {
    case badRequest = "bad-request"
    case malformedJSON = "malformed-json"
    case invalidParameter = "invalid-parameter"
    case invalidCursor = "invalid-cursor"
    case unauthenticated
    case forbidden
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case requestTimeout = "request-timeout"
    case insufficientStock = "insufficient-stock"
    case stockChanged = "stock-changed"
    case alreadyExists = "already-exists"
    case ambiguousName = "ambiguous-name"
    case inUse = "in-use"
    case keyChanged = "key-changed"
    case preconditionFailed = "precondition-failed"
    case historyChanged = "history-changed"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case invalidBody = "invalid-body"
    case unknownProduct = "unknown-product"
    case idempotencyKeyReused = "idempotency-key-reused"
    case quotaExceeded = "quota-exceeded"
    case headersTooLarge = "headers-too-large"
    case internalFailure = "internal"
    case overloaded
    case primaryUnavailable = "primary-unavailable"
    case positionUnavailable = "position-unavailable"
    case outcomeUnknown = "outcome-unknown"
    /// A queued command that is too old to be executed, or to be known.
    case expired
    case queueUnavailable = "queue-unavailable"
}

extension ProblemCode {
    /// The same for every problem with the code.
    public var title: String {
        switch self {
        case .malformedJSON: "Malformed JSON"
        case .internalFailure: "Internal failure"
        default: rawValue.prefix(1).uppercased() + rawValue.dropFirst().replacing("-", with: " ")
        }
    }
}
