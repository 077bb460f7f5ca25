import Basics
import HTTPTypes
import Inventory
import InventoryContract

/// A response that describes an error (RFC 9457). Its text comes from this program, never from a database.
struct Problem: Error {
    typealias Code = ProblemCode

    /// One thing that is wrong with a body: a field, or a line of a batch.
    struct Item: Equatable {
        /// The location in the body: a JSON pointer (RFC 6901).
        var pointer: String
        var detail: String
        /// For a line of a batch: its index, and the problem it would be on its own.
        var line: Line?

        struct Line: Equatable {
            let index: Int
            let code: Code
            let level: Level?
        }
    }

    /// The stock level that a movement was refused for.
    struct Level: Equatable {
        let onHand: Int64
        let requested: Int64?
    }

    let code: Code
    let detail: String
    var items: [Item] = []
    var level: Level?
    var stockLeft: StockLeft?
    /// The query parameter or header that is at fault.
    var parameter: String?
    /// The name of the rate policy that would be violated.
    var violatedPolicy: String?
    /// Additional response headers.
    var headers = HTTPFields()

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// 422 with the invalid fields of the body.
    init(invalidBody items: [Item]) {
        self.init(.invalidBody, "The body does not have the fields that it should have.")
        self.items = items
    }

    init(invalid parameter: String, _ detail: String) {
        let parameter = parameter.excerpt
        self.init(.invalidParameter, "\(parameter): \(detail)")
        self.parameter = parameter
    }

    static let notFound = Problem(.notFound, "It does not exist, or it is archived.")
}

extension ProblemCode {
    var status: HTTPResponse.Status {
        switch self {
        case .badRequest, .malformedJSON, .invalidParameter, .invalidCursor: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .requestTimeout: .requestTimeout
        case .insufficientStock, .stockChanged, .alreadyExists, .ambiguousName, .inUse, .keyChanged: .conflict
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
}
