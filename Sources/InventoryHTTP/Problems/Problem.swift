import HTTPTypes

/// An answer that says what went wrong (RFC 9457). Its words come from here, never from a database.
struct Problem: Error {
    /// Kinds of problems, as the contract names them.
    enum Code: String, CaseIterable {
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
    }

    /// One thing that is wrong with a body: a field, or a line of a batch.
    struct Item: Equatable {
        /// Where in the body: a JSON pointer (RFC 6901).
        var pointer: String
        var detail: String
        /// The line's place in the batch, and what kind of problem it alone would be.
        var line: Line?

        struct Line: Equatable {
            let index: Int
            let code: Code
            let level: Level?
        }
    }

    /// The level that a movement was refused for.
    struct Level: Equatable {
        let onHand: Int64
        let requested: Int64?
    }

    let code: Code
    let detail: String
    var items: [Item] = []
    var level: Level?
    /// The query parameter or header that is at fault.
    var parameter: String?
    /// The name of the rate policy that would be violated.
    var violatedPolicy: String?
    /// What the answer's head says besides.
    var headers = HTTPFields()

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The body's fields that are wrong.
    init(invalidBody items: [Item]) {
        self.init(.invalidBody, "The body does not have the fields that it should have.")
        self.items = items
    }

    init(invalid parameter: String, _ detail: String) {
        self.init(.invalidParameter, "\(parameter): \(detail)")
        self.parameter = parameter
    }

    static let notFound = Problem(.notFound, "It does not exist, or it is archived.")
}

extension Problem.Code {
    var status: HTTPResponse.Status {
        switch self {
        case .badRequest, .malformedJSON, .invalidParameter, .invalidCursor: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .requestTimeout: .requestTimeout
        case .insufficientStock, .stockChanged, .alreadyExists, .ambiguousName, .inUse: .conflict
        case .preconditionFailed, .historyChanged: .preconditionFailed
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalidBody, .unknownProduct, .idempotencyKeyReused: .unprocessableContent
        case .quotaExceeded: .tooManyRequests
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .internalFailure: .internalServerError
        case .overloaded, .primaryUnavailable, .positionUnavailable, .outcomeUnknown: .serviceUnavailable
        }
    }

    /// The same for every problem of the kind.
    var title: String {
        switch self {
        case .badRequest: "Bad request"
        case .malformedJSON: "Malformed JSON"
        case .invalidParameter: "Invalid parameter"
        case .invalidCursor: "Invalid cursor"
        case .unauthenticated: "Unauthenticated"
        case .forbidden: "Forbidden"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .notAcceptable: "Not acceptable"
        case .requestTimeout: "Request timeout"
        case .insufficientStock: "Insufficient stock"
        case .stockChanged: "Stock changed"
        case .alreadyExists: "Already exists"
        case .ambiguousName: "Ambiguous name"
        case .inUse: "In use"
        case .preconditionFailed: "Precondition failed"
        case .historyChanged: "History changed"
        case .bodyTooLarge: "Body too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .invalidBody: "Invalid body"
        case .unknownProduct: "Unknown product"
        case .idempotencyKeyReused: "Idempotency key reused"
        case .quotaExceeded: "Quota exceeded"
        case .headersTooLarge: "Headers too large"
        case .internalFailure: "Internal failure"
        case .overloaded: "Overloaded"
        case .primaryUnavailable: "Primary unavailable"
        case .positionUnavailable: "Position unavailable"
        case .outcomeUnknown: "Outcome unknown"
        }
    }
}
