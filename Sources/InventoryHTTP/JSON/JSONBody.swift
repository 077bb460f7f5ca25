import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore
import NIOHTTP1
import StockCommands

/// The bytes of a request's body that was declared as JSON.
struct JSONBody {
    let bytes: ByteBuffer
    /// What the bytes take of the memory for all bodies.
    var hold: MemoryHold?

    /// - Throws: 400 unless it is JSON.
    func fields() throws(Problem) -> JSONFields { try JSONFields(parsing: bytes) }
}

/// A JSON body that a route takes. Its initializer is the declaration of its fields: those that it does not read are
/// refused as unknown.
protocol DeclaredBody: SendableMetatype {
    /// - Parameter path: Ids in the body must not contradict those in the path.
    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits)
}

extension RequestContext {
    /// Reads the fields of the body that the route declares.
    /// - Throws: 422 with everything that is wrong with them.
    func read<Body: DeclaredBody>(_ fields: inout JSONFields) throws(Problem) -> Body {
        precondition(route.body == Body.self, "\(route.path) does not declare \(Body.self)")
        return try fields.reading { Body(&$0, path, limits) }
    }

    /// Reads the request's body.
    /// - Throws: 415 unless it is declared as JSON, 413 if it is too long, 408 if it is too slow, 503 if there is no memory
    ///   for it, `UnreadableRequest`.
    func body() async throws -> JSONBody {
        precondition(route.body != nil, "\(route.path) does not declare a body")
        guard MediaType.isJSON(request.headers[.contentType]) else {
            throw Problem(.unsupportedMediaType, "The body must be application/json.")
        }
        // A body that is declared too long is refused before any of it is read.
        if let length = request.headers[.contentLength], Int(length) ?? .max > limits.bodyBytes {
            throw Problem(bodyLongerThan: limits.bodyBytes)
        }
        do {
            return try await collectBody()
        } catch let problem as Problem {
            throw problem
        } catch is SlowRequest {
            throw Problem.slowBody
        } catch is HTTPParserError {
            throw Problem(.badRequest, "The body is not framed as HTTP/1.1 requires, or not complete.")
        } catch {
            throw UnreadableRequest(cause: error)
        }
    }

    private func collectBody() async throws -> JSONBody {
        let hold = MemoryHold(memory, for: principal.id)
        var bytes = ByteBuffer()
        for try await part in request.body {
            guard part.readableBytes <= limits.bodyBytes - bytes.readableBytes else {
                throw Problem(bodyLongerThan: limits.bodyBytes)
            }
            bytes.writeImmutableBuffer(part)
            guard hold.resize(to: bytes.capacity) else { throw Problem.noMemory }
        }
        return JSONBody(bytes: bytes, hold: hold)
    }
}

/// The client left, or sent something that is not HTTP: nobody will read a response.
struct UnreadableRequest: Error {
    let cause: any Error
}

extension Problem {
    fileprivate static let slowBody: Problem = {
        var problem = Problem(.requestTimeout, "The request's body came too slowly.")
        problem.headers[.connection] = "close"
        return problem
    }()

    /// The rest of the body is unread, so the connection closes after this response.
    fileprivate static let noMemory: Problem = {
        var problem = Problem(LedgerError.overloaded)
        problem.headers[.connection] = "close"
        return problem
    }()

    /// Much of the body is unread, so the connection closes after this response.
    fileprivate init(bodyLongerThan limit: Int) {
        self.init(.bodyTooLarge, "The body is longer than \(limit) bytes.")
        headers[.connection] = "close"
    }
}
