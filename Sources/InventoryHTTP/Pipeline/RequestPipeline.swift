import Access
import Authentication
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import RateLimiting

/// What happens to every request, stage by stage:
///
/// 1. ``RequestID``: the client's own `X-Request-Id`, or a new one.
/// 2. Rate limits: of the principal, if the credential is remembered; of the client's address otherwise.
/// 3. ``CORSPolicy``: a browser's preflight request gets its response here.
/// 4. ``Router``: the path and the method name the route.
/// 5. Authentication: an unknown credential is verified; rate limits of that principal.
/// 6. Authorization: the role and the stores that the route takes.
/// 7. Content negotiation, and the query's parameters that the route declares.
/// 8. The route's handler.
/// 9. ``Problem``: whatever was thrown becomes one, and ``FailureLog`` logs what is the service's own fault.
/// 10. Response headers: request id, date, rate limits, security headers, CORS.
///
/// What observes requests as a whole (metrics, traces, an access log) belongs into ``respond(to:from:)``, which knows the
/// request, its id and its response.
struct RequestPipeline: Sendable {
    let router: Router
    let authenticator: Authenticator
    /// `nil` where rates are not limited: on the operator's port.
    let limiter: RateLimiter?
    let proxies: TrustedProxies
    let limits: Limits
    let cors: CORSPolicy?
    let securityHeaders: [HTTPField]
    let failures: FailureLog
    private let clock = HTTPClock()

    /// - Parameter peer: The other end of the connection.
    /// - Throws: only what makes a response pointless: the request cannot be read to its end.
    func respond(to request: Request, from peer: SocketAddress?) async throws -> Response {
        let requestID = RequestID.takenOver(from: request.headers.text(of: .requestID))
        var rate: RateDecision?
        var response: Response
        do {
            response = try await handle(request, from: peer, requestID, &rate)
        } catch let error as UnreadableRequest {
            throw error.cause
        } catch {
            let problem = Problem(error)
            failures.add(problem, because: error, request.head, requestID)
            response = problem.response(to: requestID)
        }
        addHeaders(to: &response, requestID, rate)
        cors?.complete(&response, to: request)
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// - Parameter rate: The decision of the principal's rate limit, which the response tells the client.
    private func handle(
        _ request: Request, from peer: SocketAddress?, _ requestID: String, _ rate: inout RateDecision?
    ) async throws -> Response {
        let kind: RequestKind = [.get, .head].contains(request.method) ? .read : .write
        let authorization = request.headers.text(of: .authorization)
        var principal = authorization.flatMap(authenticator.remembered)
        var address: ClientAddress?
        if let principal {
            rate = limiter?.admit(principal, kind)
            try requireAdmitted(rate)
        } else {
            address = chargedAddress(of: request, from: peer, authorization)
            try requireAdmitted(address.flatMap { limiter?.admit($0) })
        }
        let target = request.head.path ?? ""
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.text
        if let preflight = try cors?.preflight(request, path, router) { return preflight }
        let match = try router.match(request.method, path)
        let route = match.route
        if route.role != nil, principal == nil {
            let verified = try await authenticate(authorization)
            // Many tills may share an address, which pays only for requests without a valid credential.
            if let address { limiter?.putBack(address) }
            rate = limiter?.admit(verified, kind)
            try requireAdmitted(rate)
            principal = verified
        }
        let caller = try authorize(principal, on: match)
        let format = try negotiateFormat(of: request, for: route)
        let context = RequestContext(
            route: route, request: request, requestID: requestID, principal: caller, path: match.path, format: format,
            parameters: try Parameters(
                of: target, declared: route.parameters, path: match.path, reader: caller.id, headers: request.headers,
                limits),
            limits: limits)
        let response = try await route.handler(context)
        assert(route.statuses.contains(response.status), "\(route.path) does not declare \(response.status)")
        return response
    }

    /// Appended, because no route sets these: to set a header is to search for it among all others.
    private func addHeaders(to response: inout Response, _ requestID: String, _ rate: RateDecision?) {
        response.headers.append(HTTPField(name: .requestID, value: requestID))
        response.headers.append(clock.date)
        if let rate {
            response.headers.append(HTTPField(name: .rateLimitPolicy, value: rate.policyField))
            response.headers.append(HTTPField(name: .rateLimit, value: rate.limitField))
        }
        response.headers.append(contentsOf: securityHeaders)
    }
}

// MARK: Rate limits

extension RequestPipeline {
    private func requireAdmitted(_ decision: RateDecision?) throws(Problem) {
        guard let decision, !decision.isAdmitted else { return }
        throw Problem(exceeding: decision)
    }

    /// The address that pays for a request whose sender is not known, before anything is looked up for it. A credential that
    /// was verified a moment ago is not charged to it: whoever else is behind the address must not lock it out.
    private func chargedAddress(
        of request: Request, from peer: SocketAddress?, _ authorization: String?
    ) -> ClientAddress? {
        guard limiter != nil, authorization.map(authenticator.isRecentlyVerified) != true else { return nil }
        return proxies.client(of: request, from: peer)
    }
}

// MARK: Authentication and authorization

extension RequestPipeline {
    private func authenticate(_ authorization: String?) async throws -> Principal {
        guard let authorization, let principal = try await authenticator.principal(presenting: authorization) else {
            throw Problem.unauthenticated(presenting: authorization, authenticator)
        }
        return principal
    }

    /// Whether a principal may do what a route does, to the store that its path names.
    private func authorize(_ principal: Principal?, on match: Router.Match) throws(Problem) -> Principal {
        guard let role = match.route.role, let principal else { return Principal(id: "anonymous", role: .reader) }
        guard principal.role >= role else {
            throw Problem(.forbidden, "This takes the role \(role.rawValue); yours is \(principal.role.rawValue).")
        }
        guard match.route.reach == .ownStores || principal.scope == .all else {
            throw Problem(.forbidden, "This concerns all stores, and you are limited to some.")
        }
        // Before anything else is said: not even a wrong parameter may tell whether the store is there.
        if let storeID = match.path.storeID, !principal.scope.contains(storeID) { throw Problem.notFound }
        return principal
    }

    private func negotiateFormat(of request: Request, for route: Route) throws(Problem) -> MediaType {
        guard let format = MediaType.preferred(of: route.formats, by: request.headers.text(of: .accept)) else {
            throw Problem(
                .notAcceptable, "This can be had as \(route.formats.map(\.rawValue).joined(separator: ", ")).")
        }
        return format
    }
}

extension Problem {
    fileprivate init(exceeding rate: RateDecision) {
        self.init(.quotaExceeded, "More requests came than the policy \"\(rate.policyName)\" allows.")
        violatedPolicy = rate.policyName
        headers[.retryAfter] = String(rate.retryAfter)
    }

    /// What a client is told of an error.
    fileprivate init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as LedgerError: self.init(error)
        default: self.init(LedgerError.internalFailure)
        }
    }
}

extension Substring.UTF8View {
    /// What the bytes say: they were cut at ASCII characters.
    var text: Substring { Substring(self) }
}
