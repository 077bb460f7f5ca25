import Access
import Authentication
import InventoryHTTP
import Logging
import ServiceLifecycle

/// The credentials accepted besides API keys.
struct AccessSettings {
    var acceptsPasswords = true
    var passwordsWaiting = 64
    var acceptsPlainPasswords = false
    var keysFile: String?
    var keysURL: String?
    var keysInterval = Duration.seconds(300)
    var keysPatience = Duration.seconds(3_600)
    var secret: String?
    var secretID = "default"
    var issuer: String?
    var audience: String?
    var leeway = Duration.seconds(30)
    var tokenLifetime = Duration.seconds(86_400)
}

extension Settings {
    @SettingsBuilder
    static var access: [Setting] {
        Setting(
            "keys.lifetime_days", \.limits.keyDays, in: 1...3_650,
            """
            How long an API key is valid if no expiry date is given when it is made. The admin key of a new file, and keys
            of `khata key create --never`, do not expire.
            """)
        Setting(
            "basic.enabled", \.access.acceptsPasswords,
            """
            Whether users (`khata user create`) may authenticate with name and password (HTTP Basic), besides API keys and
            tokens.
            """)
        Setting(
            "basic.plain_http", \.access.acceptsPlainPasswords,
            """
            Whether passwords are accepted without TLS. Otherwise only from this machine, and from a trusted proxy
            (proxies.trusted) that sends X-Forwarded-Proto: https.
            """)
        Setting(
            "basic.waiting", \.access.passwordsWaiting, in: 0...10_000,
            """
            The maximum passwords waiting to be hashed, which takes a core for a fifth of a second or so each: of logins
            that succeeded from the same network in the last month, and of others. Beyond that, requests get 503
            `overloaded`.
            """)
        Setting(
            "jwt.jwks_file", \.access.keysFile, example: "/etc/khata/jwks.json",
            """
            JSON Web Tokens are accepted if there is a key for them: here, a JWK Set (RFC 7517) with keys for ES256, RS256,
            EdDSA or HS256, each with a kid. It is read again when it changes. A set without keys accepts no token.
            """)
        Setting(
            "jwt.jwks_url", \.access.keysURL, example: "https://login.example.com/.well-known/jwks.json",
            """
            The same from a URL of https (http on this machine only), without keys for HS256. Redirects are not followed. It
            is read every refresh_seconds, and for a token with an unknown kid, at most every 30 seconds.
            """)
        Setting("jwt.refresh_seconds", \.access.keysInterval, in: 10...86_400)
        Setting(
            "jwt.stale_seconds", \.access.keysPatience, in: 60...604_800,
            """
            How long the last keys are accepted while the file or URL cannot be read, which is a warning in /health; longer
            than refresh_seconds. Then their tokens are refused.
            """)
        Setting(
            "jwt.hs256_secret", \.access.secret, example: "…", secret: Setting.hidden,
            "A secret for HS256, of 32 bytes or more, and its kid in tokens.")
        Setting("jwt.hs256_kid", \.access.secretID)
        Setting(
            "jwt.issuer", \.access.issuer, example: "https://login.example.com",
            "The required issuer (iss) and audience (aud) of tokens. Both must be set if there is a key.")
        Setting("jwt.audience", \.access.audience, example: "khata")
        Setting(
            "jwt.leeway_seconds", \.access.leeway, in: 0...300, "The tolerated difference to the issuer's clock.")
        Setting(
            "jwt.lifetime_seconds", \.access.tokenLifetime, in: 60...31_536_000,
            "The maximum lifetime of tokens, from iat (or without it, from now) to exp: others are refused.")
    }
}

extension AccessSettings {
    func check() throws(SettingsError) {
        guard keysFile == nil && keysURL == nil && secret == nil || issuer != nil && audience != nil else {
            throw SettingsError("jwt.issuer and jwt.audience are needed: without them, other services' tokens would do")
        }
        guard keysURL == nil || keysPatience > keysInterval else {
            throw SettingsError("jwt.stale_seconds has to be longer than jwt.refresh_seconds")
        }
        _ = try keysSource
    }
}

extension AccessSettings {
    /// The authenticator, and the services that it needs.
    struct Parts {
        let authenticator: Authenticator
        /// The keys of tokens, if there are any.
        let tokenKeys: TokenKeySet?
        let services: [any Service]
    }

    /// - Parameter onRefusal: Called for each credential that is refused.
    func parts(
        credentials: any CredentialStoring, _ logger: Logger, onRefusal: @escaping @Sendable (CredentialRefusal) -> Void
    ) async throws(SettingsError) -> Parts {
        let uses = KeyUses(store: credentials, logger: logger)
        let tokenKeys = try await tokenKeys(logger)
        let authenticator = Authenticator(
            credentials: credentials, uses: uses,
            passwords: acceptsPasswords ? PasswordHasher(waiting: passwordsWaiting) : nil,
            tokens: tokenKeys.flatMap(verifier), logger: logger, onRefusal: onRefusal)
        return Parts(
            authenticator: authenticator, tokenKeys: tokenKeys, services: [uses] + (tokenKeys.map { [$0] } ?? []))
    }

    private func verifier(_ keys: TokenKeySet) -> TokenVerifier? {
        guard let issuer, let audience else { return nil }
        let policy = TokenPolicy(issuer: issuer, audience: audience, leeway: leeway, lifetime: tokenLifetime)
        return TokenVerifier(policy: policy, keys: keys)
    }

    /// The keys, as read from the file or URL.
    /// - Returns: `nil` if no key for tokens is configured.
    /// - Throws: For a file that cannot be read. A URL is read again until it can be.
    func tokenKeys(_ logger: Logger) async throws(SettingsError) -> TokenKeySet? {
        let source = try keysSource
        guard keysFile == nil || keysURL == nil else {
            throw SettingsError("jwt.jwks_file and jwt.jwks_url are both set: choose one")
        }
        guard source != nil || secret != nil else { return nil }
        var fixed = TokenKeys()
        if let secret {
            do {
                try await fixed.add(hs256Secret: secret, as: secretID)
            } catch {
                throw SettingsError("jwt.hs256_secret: \(error)")
            }
        }
        let keys = TokenKeySet(fixed: fixed, source: source, patience: keysPatience, logger: logger)
        if let error = await keys.read(), keysFile != nil { throw SettingsError("jwt.jwks_file: \(error)") }
        return keys
    }

    private var keysSource: TokenKeysSource? {
        get throws(SettingsError) {
            if let keysFile { return .file(keysFile) }
            guard let keysURL else { return nil }
            do {
                return try .url(keysURL, every: keysInterval)
            } catch {
                throw SettingsError("jwt.jwks_url: \(error)")
            }
        }
    }
}
