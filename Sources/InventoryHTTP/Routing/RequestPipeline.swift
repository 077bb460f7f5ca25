import Access
import Authentication
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import RateLimiting

/// Takes each request from its first byte to its answer: finds the route, who asks, and turns what fails into problems.
struct RequestPipeline: Sendable {
    let router: Router
    let authenticator: Authenticator
    /// `nil` where rates are not limited: on the operator's port.
    let limiter: RateLimiter?
    let proxies: TrustedProxies
    let limits: Limits
    let cors: CORSPolicy?
    /// What every answer says to browsers.
    let securityHeaders: [HTTPField]
    let failures: FailureLog
    private let clock = HTTPClock()

    /// - Parameter peer: The other end of the connection.
    /// - Throws: only what makes an answer pointless: the request cannot be read to its end.
    func respond(to request: Request, from peer: SocketAddress?) async throws -> Response {
        let requestID = RequestID.takenOver(from: request.headers.text(of: .requestID))
        var rate: RateDecision?
        var response: Response
        do {
            response = try await answer(to: request, from: peer, requestID, &rate)
        } catch let error as UnreadableRequest {
            throw error.cause
        } catch {
            response = problem(error, request, requestID).response(to: requestID)
        }
        // Appended, because no route sets these: to set a field is to look for it among all others.
        response.headers.append(HTTPField(name: .requestID, value: requestID))
        response.headers.append(clock.date)
        if let rate {
            response.headers.append(HTTPField(name: .rateLimitPolicy, value: rate.policyField))
            response.headers.append(HTTPField(name: .rateLimit, value: rate.limitField))
        }
        response.headers.append(contentsOf: securityHeaders)
        cors?.complete(&response, to: request)
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// - Parameter rate: What the sender is told of their rate.
    private func answer(
        to request: Request, from peer: SocketAddress?, _ requestID: String, _ rate: inout RateDecision?
    ) async throws -> Response {
        let kind: RequestKind = [.get, .head].contains(request.method) ? .read : .write
        let authorization = request.headers.text(of: .authorization)
        var principal = authorization.flatMap(authenticator.remembered)
        // A stranger's address: whoever else is behind it must not lock out those who were known a moment ago.
        let isUnknownSender = principal == nil && !(authorization.map(authenticator.isRecentlyVerified) ?? false)
        let address = isUnknownSender && limiter != nil ? proxies.client(of: request, from: peer) : nil
        // Before anything is looked for: who is known pays by themselves, others with their address.
        if let principal {
            try admit(limiter?.admit(principal, kind), &rate)
        } else if let address {
            var addressRate: RateDecision?
            try admit(limiter?.admit(address), &addressRate)
        }
        let target = request.head.path ?? ""
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.text
        if let preflight = try cors?.preflight(request, path, router) { return preflight }
        let match = try router.match(request.method, path)
        if match.route.role != nil, principal == nil {
            let verified = try await verified(authorization)
            // Many tills may share an address; it pays only for those who are nobody.
            if let address { limiter?.putBack(address) }
            try admit(limiter?.admit(verified, kind), &rate)
            principal = verified
        }
        let context = RequestContext(
            request: request, requestID: requestID,
            principal: try allowed(principal, on: match), path: match.path,
            format: try format(of: request, for: match.route), limits: limits)
        return try await match.route.handler(context)
    }

    private func admit(_ decision: RateDecision?, _ rate: inout RateDecision?) throws(Problem) {
        rate = decision
        guard let decision, !decision.isAdmitted else { return }
        throw Problem(exceeding: decision)
    }

    private func verified(_ authorization: String?) async throws -> Principal {
        guard let authorization, let principal = try await authenticator.principal(presenting: authorization) else {
            throw Problem.unauthenticated(presenting: authorization, authenticator)
        }
        return principal
    }

    /// Whether a principal may do what a route does, to the store that its path names.
    private func allowed(_ principal: Principal?, on match: Router.Match) throws(Problem) -> Principal {
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

    private func format(of request: Request, for route: Route) throws(Problem) -> MediaType {
        guard let format = MediaType.preferred(of: route.formats, by: request.headers.text(of: .accept)) else {
            throw Problem(
                .notAcceptable, "This can be had as \(route.formats.map(\.rawValue).joined(separator: ", ")).")
        }
        return format
    }

    private func problem(_ error: any Error, _ request: Request, _ requestID: String) -> Problem {
        let problem =
            switch error {
            case let problem as Problem: problem
            case let error as LedgerError: Problem(error)
            default: Problem(LedgerError.internalFailure)
            }
        failures.add(problem, because: error, request.head, requestID)
        return problem
    }
}

extension Problem {
    fileprivate init(exceeding rate: RateDecision) {
        self.init(.quotaExceeded, "More requests came than the policy \"\(rate.policyName)\" allows.")
        violatedPolicy = rate.policyName
        headers[.retryAfter] = String(rate.retryAfter)
    }
}

extension Substring.UTF8View {
    /// What the bytes say: they were cut at ASCII characters.
    var text: Substring { Substring(self) }
}
