import Access
import Authentication
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import RateLimiting
import Tracing

/// The stages that every request goes through:
///
/// 1. ``RequestID``: the client's own `X-Request-Id`, or a new one.
/// 2. Rate limits: of the principal, if the credential is cached; of the client's address otherwise.
/// 3. ``CORSPolicy``: a browser's preflight request gets its response here.
/// 4. ``Router``: finds the route by path and method.
/// 5. Authentication: verifies a credential that is not cached; then rate limits of its principal.
/// 6. Authorization: the role and the stores that the route requires.
/// 7. Content negotiation, and validation of the query's parameters.
/// 8. The route's handler.
/// 9. ``Problem``: every error becomes one. ``FailureLog`` logs those that are the service's own fault, ``SecurityLog``
///    those that are about permission.
/// 10. Response headers: request id, date, rate limits, security headers, CORS.
///
/// Each request is told to the ``HTTPObserver``, once it has a response.
struct RequestPipeline: Sendable {
    let router: Router
    let authenticator: Authenticator
    /// `nil` where rates are not limited: on the operator's port.
    let limiter: RateLimiter?
    let proxies: TrustedProxies
    /// Whether the requests come over TLS.
    let isEncrypted: Bool
    let acceptsPlainPasswords: Bool
    let limits: HTTPLimits
    let memory: MemoryBudget
    let cors: CORSPolicy?
    let securityHeaders: [HTTPField]
    let failures: FailureLog
    let refusals: SecurityLog
    let observer: any HTTPObserver
    /// `nil` records no traces.
    var tracer: (any Tracer)?
    /// Receives the requests that reach no route.
    let unrouted: @Sendable (ServedRequest) -> Void
    private let clock = HTTPClock()

    /// What is known of a request by the time it has a response.
    private struct Progress {
        /// The decision of the principal's rate limit, for the response's headers.
        var rate: RateDecision?
        var principal: Principal?
        var route: Route?
        var observer: @Sendable (ServedRequest) -> Void
    }

    /// - Parameter peer: The other end of the connection, which is `channel`.
    /// - Returns: The response, and the id of the principal who gets it, empty if that is unknown.
    /// - Throws: Only if the request cannot be read to its end, so that a response is pointless.
    func respond(
        to request: Request, from peer: SocketAddress?, on channel: any Channel
    ) async throws -> (response: Response, principal: String) {
        guard let span = tracer?.startedSpan(of: request.head) else {
            return try await respond(to: request, from: peer, on: channel, nil)
        }
        defer { span.end() }
        return try await ServiceContext.withValue(span.context) {
            try await respond(to: request, from: peer, on: channel, span)
        }
    }

    private func respond(
        to request: Request, from peer: SocketAddress?, on channel: any Channel, _ span: (any Span)?
    ) async throws -> (response: Response, principal: String) {
        let requestID = RequestID.takenOver(from: request.headers.text(of: .requestID))
        let start = ContinuousClock.now
        observer.observe(.requestBegan)
        var progress = Progress(observer: unrouted)
        var response: Response
        var problem: Problem?
        do {
            response = try await handle(request, from: peer, on: channel, requestID, &progress)
        } catch let error as UnreadableRequest {
            observer.observe(.requestUnreadable)
            throw error.cause
        } catch {
            let refusal = Problem(error)
            problem = refusal
            failures.add(refusal, because: error, request.head, requestID)
            refusals.add(
                refusal,
                from: SecurityLog.Sender(
                    principal: progress.principal?.id, address: proxies.client(of: request, from: peer)),
                request.head, requestID)
            response = refusal.response(to: requestID)
        }
        addHeaders(to: &response, requestID, progress.rate)
        cors?.complete(&response, to: request)
        let served = ServedRequest(
            request: request.head, requestID: requestID, principal: progress.principal?.id, response: response.head,
            problem: problem, duration: .now - start)
        progress.observer(served)
        span?.record(served, route: progress.route, isEncrypted: isEncrypted)
        return (request.method == .head ? response.createHeadResponse() : response, progress.principal?.id ?? "")
    }

    private func handle(
        _ request: Request, from peer: SocketAddress?, on channel: any Channel, _ requestID: String,
        _ progress: inout Progress
    ) async throws -> Response {
        let kind: RequestKind = [.get, .head].contains(request.method) ? .read : .write
        let authorization = request.headers.text(of: .authorization)
        progress.principal = authorization.flatMap {
            authenticator.remembered($0, from: passwordAddress(of: request, from: peer))
        }
        var address: ClientAddress?
        if let principal = progress.principal {
            progress.rate = limiter?.admit(principal, kind)
            try requireAdmitted(progress.rate)
        } else {
            address = chargedAddress(of: request, from: peer, authorization)
            try requireAdmitted(address.flatMap { limiter?.admit($0) })
        }
        let target = request.head.path ?? ""
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }.text
        if let preflight = try cors?.preflight(request, path, router) { return preflight }
        let match = try router.match(request.method, path)
        let route = match.route
        progress.route = route
        progress.observer = route.observer
        if route.role != nil, progress.principal == nil {
            let verified = try await authenticate(
                authorization, from: passwordAddress(of: request, from: peer))
            // Many tills may share an address, so only requests without a valid credential are charged to it.
            if let address { limiter?.putBack(address) }
            progress.principal = verified
            progress.rate = limiter?.admit(verified, kind)
            try requireAdmitted(progress.rate)
        }
        let caller = try authorize(progress.principal, on: match)
        let format = try negotiateFormat(of: request, for: route)
        var recheck: (@Sendable () async throws -> Void)?
        if route.isLongLived {
            let address = passwordAddress(of: request, from: peer)
            recheck = { _ = try authorize(try await authenticate(authorization, from: address), on: match) }
        }
        let context = RequestContext(
            route: route, request: request, requestID: requestID, principal: caller, path: match.path, format: format,
            parameters: try Parameters(
                of: target, declared: route.parameters, path: match.path, reader: caller.id, headers: request.headers,
                limits),
            limits: limits, memory: memory, recheck: recheck, connection: ClientConnection(channel: channel))
        let response = try await route.handler(context)
        assert(route.statuses.contains(response.status), "\(route.path) does not declare \(response.status)")
        return response
    }

    /// Appends, because no route sets these: setting a header searches all others first.
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

    /// The address to charge for a request from an unknown principal, before anything is looked up. `nil` for a
    /// credential that was verified recently: others behind the same address must not lock it out.
    private func chargedAddress(
        of request: Request, from peer: SocketAddress?, _ authorization: String?
    ) -> ClientAddress? {
        guard limiter != nil else { return nil }
        if let authorization,
            authenticator.isRecentlyVerified(authorization, from: passwordAddress(of: request, from: peer))
        {
            return nil
        }
        return proxies.client(of: request, from: peer)
    }
}

// MARK: Authentication and authorization

extension RequestPipeline {
    private func authenticate(_ authorization: String?, from address: ClientAddress?) async throws -> Principal {
        guard let authorization,
            let principal = try await authenticator.principal(presenting: authorization, from: address)
        else {
            throw Problem.unauthenticated(presenting: authorization, authenticator)
        }
        return principal
    }

    /// The client's address; `nil` if a password was sent unencrypted over a network, unless the settings allow that.
    private func passwordAddress(of request: Request, from peer: SocketAddress?) -> ClientAddress? {
        guard
            isEncrypted || acceptsPlainPasswords || proxies.isLocal(request, from: peer)
                || proxies.isEncrypted(request, from: peer)
        else { return nil }
        return proxies.client(of: request, from: peer)
    }

    /// Checks that the principal may use the route, on the store in its path.
    private func authorize(_ principal: Principal?, on match: Router.Match) throws(Problem) -> Principal {
        guard let role = match.route.role, let principal else { return Principal(id: "anonymous", role: .reader) }
        guard principal.role >= role else {
            throw Problem(.forbidden, "This takes the role \(role.rawValue); yours is \(principal.role.rawValue).")
        }
        guard match.route.reach == .ownStores || principal.scope == .all else {
            throw Problem(.forbidden, "This concerns all stores, and you are limited to some.")
        }
        // Before any other check: not even a wrong parameter may reveal whether the store exists.
        if let storeID = match.path.storeID, !principal.scope.contains(storeID) { throw Problem.notFound }
        return principal
    }

    private func negotiateFormat(of request: Request, for route: Route) throws(Problem) -> MediaType {
        guard let format = MediaType.preferred(of: route.formats, by: request.headers.text(of: .accept)) else {
            throw Problem(
                .notAcceptable, "Available formats: \(route.formats.map(\.rawValue).joined(separator: ", ")).")
        }
        return format
    }
}

extension Problem {
    fileprivate init(exceeding rate: RateDecision) {
        self.init(.quotaExceeded, "The rate limit of the policy \"\(rate.policyName)\" is exceeded.")
        violatedPolicy = rate.policyName
        headers[.retryAfter] = String(rate.retryAfter)
    }

    private init(_ error: AuthenticationError) {
        switch error {
        case .ledger(let error):
            self.init(error)
        case .paused(let wait):
            self.init(.quotaExceeded, "Too many wrong passwords: this one was not tried.")
            violatedPolicy = "passwords"
            headers[.retryAfter] = String(max(1, Int((wait / .seconds(1)).rounded(.up))))
        case .unencrypted:
            self = .passwordWithoutTLS
        }
    }

    /// Maps any error to what the client may see of it.
    fileprivate init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as LedgerError: self.init(error)
        case let error as AuthenticationError: self.init(error)
        default: self.init(LedgerError.internalFailure)
        }
    }
}

extension Substring.UTF8View {
    /// The bytes as text. They were split at ASCII characters, so they are valid UTF-8.
    var text: Substring { Substring(self) }
}
