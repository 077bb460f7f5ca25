import Basics
package import HTTPTypes
package import Inventory

/// A response that describes an error (RFC 9457). Its text comes from this program, never from a database.
package struct Problem: Error {
    package typealias Code = ProblemCode

    /// One thing that is wrong with a body: a field, or a line of a batch.
    package struct Item: Equatable {
        /// The location in the body: a JSON pointer (RFC 6901).
        package var pointer: String
        package var detail: String
        /// For a line of a batch: its index, and the problem it would be on its own.
        package var line: Line?

        package init(pointer: String, detail: String, line: Line? = nil) {
            self.pointer = pointer
            self.detail = detail
            self.line = line
        }

        package struct Line: Equatable {
            package let index: Int
            package let code: Code
            package let level: Level?

            package init(index: Int, code: Code, level: Level?) {
                self.index = index
                self.code = code
                self.level = level
            }
        }
    }

    /// The stock level that a movement was refused for.
    package struct Level: Equatable {
        package let onHand: Int64
        package let requested: Int64?
    }

    package let code: Code
    package let detail: String
    package var items: [Item] = []
    package var level: Level?
    package var stockLeft: StockLeft?
    /// The query parameter or header that is at fault.
    package var parameter: String?
    /// The name of the rate policy that would be violated.
    package var violatedPolicy: String?
    /// Additional response headers.
    package var headers = HTTPFields()

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// 422 with the invalid fields of the body.
    package init(invalidBody items: [Item]) {
        self.init(.invalidBody, "The body does not have the fields that it should have.")
        self.items = items
    }

    package init(invalid parameter: String, _ detail: String) {
        let parameter = parameter.excerpt
        self.init(.invalidParameter, "\(parameter): \(detail)")
        self.parameter = parameter
    }

    package static let notFound = Problem(.notFound, "It does not exist, or it is archived.")
}

extension ProblemCode {
    package var status: HTTPResponse.Status {
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
        case .overloaded, .primaryUnavailable, .positionUnavailable, .outcomeUnknown, .queueUnavailable:
            .serviceUnavailable
        case .expired: .gone
        }
    }
}
