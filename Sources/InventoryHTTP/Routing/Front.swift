import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import Logging

/// Takes each request from its first byte to its answer: finds the route, who asks, and turns what fails into problems.
struct Front: Sendable {
    let router: Router
    let authenticator: Authenticator
    let limits: Limits
    let logger: Logger
    private let clock = HTTPClock()

    /// - Throws: only what makes an answer pointless: the request cannot be read to its end.
    func respond(to request: Request) async throws -> Response {
        let requestID = RequestID.takenOver(from: request.headers[.requestID])
        var response: Response
        do {
            response = try await answer(to: request, requestID)
        } catch let error as UnreadableRequest {
            throw error.cause
        } catch {
            response = problem(error, request, requestID).response(to: requestID)
        }
        response.headers[.requestID] = requestID
        response.headers[.date] = clock.date
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to request: Request, _ requestID: String) async throws -> Response {
        let target = request.head.path ?? ""
        let match = try router.match(request.method, target.utf8.prefix { $0 != UInt8(ascii: "?") }.text)
        let principal = try await principal(of: request, for: match.route)
        // Before anything else is said: not even a wrong parameter may tell whether the store is there.
        if let storeID = match.path.storeID, !principal.scope.contains(storeID) { throw Problem.notFound }
        guard let format = MediaType.preferred(of: match.route.formats, by: request.headers[.accept]) else {
            throw Problem(
                .notAcceptable, "This can be had as \(match.route.formats.map(\.rawValue).joined(separator: ", ")).")
        }
        let call = Call(
            request: request, requestID: requestID, principal: principal, path: match.path, format: format,
            limits: limits)
        return try await match.route.handler(call)
    }

    private func principal(of request: Request, for route: Route) async throws -> Principal {
        guard let role = route.role else { return Principal(id: "anonymous", role: .reader) }
        guard let credential = request.headers[.authorization]?.bearerToken else {
            throw Problem.unauthenticated("Send an API key: Authorization: Bearer khata_…", challenge: "")
        }
        guard let principal = try await authenticator.principal(presenting: credential) else {
            throw Problem.unauthenticated("The API key is not valid.", challenge: #", error="invalid_token""#)
        }
        guard principal.role >= role else {
            throw Problem(.forbidden, "This takes the role \(role.rawValue); yours is \(principal.role.rawValue).")
        }
        guard route.reach == .ownStores || principal.scope == .all else {
            throw Problem(.forbidden, "This concerns all stores, and you are limited to some.")
        }
        return principal
    }

    private func problem(_ error: any Error, _ request: Request, _ requestID: String) -> Problem {
        let problem =
            switch error {
            case let problem as Problem: problem
            case let error as LedgerError: Problem(error)
            default: Problem(LedgerError.internalFailure)
            }
        if problem.code.status.kind == .serverError {
            logger.error(
                "request failed",
                metadata: [
                    "request_id": "\(requestID)", "method": "\(request.method)", "path": "\(request.head.path ?? "")",
                    "code": "\(problem.code.rawValue)", "error": "\(error)",
                ])
        }
        return problem
    }
}

extension Problem {
    fileprivate static func unauthenticated(_ detail: String, challenge: String) -> Problem {
        var problem = Problem(.unauthenticated, detail)
        problem.headers[.wwwAuthenticate] = #"Bearer realm="khata""# + challenge
        return problem
    }
}

extension String {
    /// The token of an `Authorization: Bearer …` header (RFC 6750), without copying it.
    fileprivate var bearerToken: Substring? {
        let scheme = utf8.prefix(7)
        guard scheme.count == 7, scheme.last == UInt8(ascii: " "), scheme.text.lowercased() == "bearer " else {
            return nil
        }
        return utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }.text
    }
}

extension Substring.UTF8View {
    /// What the bytes say: they were cut at ASCII characters.
    var text: Substring { Substring(self) }
}
