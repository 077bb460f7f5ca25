import Access
import Basics
import RateLimiting

/// An account, and the network from which somebody logs in to it; `nil` if that is unknown.
struct Login: Hashable {
    let name: UserName
    let site: ClientAddress?
}

/// Limits how many passwords are tried, before any of them is hashed.
///
/// Failures are counted by login, by account and by site. Each count has pauses, which double up to a limit. An attempt
/// counts from its beginning, so that many at once count too, and no longer once its password turns out to be right.
///
/// Others cannot lock an account out where it is used: at a site where its password was right in the last month, only the
/// failures of that login count. Nor elsewhere for long: a site that fails with an account is paused for much longer (15
/// minutes) than the account is then (a minute), so the account is free most of the time, unless many sites attack it.
struct LoginAttempts {
    /// What `begin` counted.
    struct Attempt {
        fileprivate let login: Login
        /// Whether the password was right at this site in the last month.
        let isKnown: Bool
    }

    private static let capacity = 10_000
    private static let knownFor = Duration.seconds(30 * 86_400)

    private var known = RecentlyUsed<Login, ContinuousClock.Instant>(capacity: capacity)
    private var logins = RecentlyUsed<Login, Failures>(capacity: capacity)
    private var accounts = RecentlyUsed<UserName, Failures>(capacity: capacity)
    private var sites = RecentlyUsed<ClientAddress?, Failures>(capacity: capacity)

    /// - Throws: `.paused`.
    mutating func begin(_ login: Login, at now: ContinuousClock.Instant) throws(AuthenticationError) -> Attempt {
        let isKnown = known[login].map { now < $0 + Self.knownFor } ?? false
        var counts = [logins[login]]
        if !isKnown { counts += [accounts[login.name], sites[login.site]] }
        let wait = counts.map { ($0?.next ?? now) - now }.max() ?? .zero
        guard wait <= .zero else { throw .paused(wait) }
        logins[login, default: Failures(now)].add(isKnown ? .knownLogin : .login, at: now)
        if !isKnown {
            accounts[login.name, default: Failures(now)].add(.account, at: now)
            sites[login.site, default: Failures(now)].add(.site, at: now)
        }
        return Attempt(login: login, isKnown: isKnown)
    }

    /// The password was right.
    mutating func succeed(_ attempt: Attempt, at now: ContinuousClock.Instant) {
        withdraw(attempt)
        known[attempt.login] = now
        logins[attempt.login] = nil
    }

    /// The password was not checked.
    mutating func withdraw(_ attempt: Attempt) {
        logins[attempt.login]?.count -= 1
        guard !attempt.isKnown else { return }
        accounts[attempt.login.name]?.count -= 1
        sites[attempt.login.site]?.count -= 1
    }
}

extension LoginAttempts {
    /// Hourly, that is 19 failures of a login (90 of a known one), and 84 of an account from all other sites: less than the
    /// 100 of OWASP ASVS 4.0.3, 2.2.1.
    fileprivate struct Limit {
        static let login = Limit(free: 5, longest: .seconds(900))
        static let knownLogin = Limit(free: 5, longest: .seconds(40))
        static let account = Limit(free: 20, longest: .seconds(60))
        static let site = Limit(free: 20, longest: .seconds(2))

        /// Failures without a pause.
        let free: Int
        let longest: Duration

        func pause(after failures: Int) -> Duration {
            failures < free ? .zero : min(longest, .seconds(1 << min(failures - free, 16)))
        }
    }

    fileprivate struct Failures {
        private static let memory = Duration.seconds(3_600)

        var count = 0
        /// When the next attempt may begin.
        private(set) var next: ContinuousClock.Instant

        init(_ now: ContinuousClock.Instant) {
            next = now
        }

        mutating func add(_ limit: Limit, at now: ContinuousClock.Instant) {
            if next + Self.memory < now { count = 0 }
            count += 1
            next = now + limit.pause(after: count)
        }
    }
}
