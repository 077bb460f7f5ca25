import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore

/// The bytes of a request's body, which is said to be JSON.
struct JSONBody {
    let bytes: ByteBuffer

    /// - Throws: 400 unless it is JSON.
    func fields() throws(Problem) -> JSONFields {
        // Without a closure that throws, whose error the standard library would erase.
        let result = bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        switch result {
        case .success(let value):
            return JSONFields(of: value, at: "")
        case .failure(let error):
            throw Problem(.malformedJSON, "The body is not JSON: \(error.reason), at byte \(error.offset).")
        }
    }
}

extension RequestContext {
    /// Reads the request's body.
    /// - Throws: 415 unless it is said to be JSON, 413 if it is too long, 408 if it is too slow, `UnreadableRequest`.
    func body() async throws -> JSONBody {
        precondition(route.takesBody, "\(route.path) does not declare a body")
        guard MediaType.isJSON(request.headers[.contentType]) else {
            throw Problem(.unsupportedMediaType, "The body must be application/json.")
        }
        // A body that is declared too long is refused before any of it is read.
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodyBytes {
            throw Problem(bodyLongerThan: limits.bodyBytes)
        }
        do {
            return JSONBody(bytes: try await request.body.collect(upTo: limits.bodyBytes))
        } catch is NIOTooManyBytesError {
            throw Problem(bodyLongerThan: limits.bodyBytes)
        } catch is SlowRequest {
            throw Problem.slowBody
        } catch {
            throw UnreadableRequest(cause: error)
        }
    }
}

/// The client left, or went on with what is not HTTP: nobody is there to be answered.
struct UnreadableRequest: Error {
    let cause: any Error
}

extension Problem {
    fileprivate static let slowBody: Problem = {
        var problem = Problem(.requestTimeout, "The request's body came too slowly.")
        problem.headers[.connection] = "close"
        return problem
    }()

    /// Much of the body is unread, so the connection ends with this answer.
    fileprivate init(bodyLongerThan limit: Int) {
        self.init(.bodyTooLarge, "The body is longer than \(limit) bytes.")
        headers[.connection] = "close"
    }
}
