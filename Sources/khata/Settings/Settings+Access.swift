import Access
import Authentication
import Logging
import ServiceLifecycle

/// The credentials accepted besides API keys.
struct AccessSettings {
    var acceptsPasswords = true
    var passwordsWaiting = 64
    var keysFile: String?
    var secret: String?
    var secretID = "default"
    var issuer: String?
    var audience: String?
    var leeway = Duration.seconds(30)
}

extension Settings {
    @SettingsBuilder
    static var access: [Setting] {
        Setting(
            "basic.enabled", \.access.acceptsPasswords,
            """
            Whether users (`khata user create`) may authenticate with name and password (HTTP Basic), besides API keys and
            tokens. Only with TLS.
            """)
        Setting(
            "basic.waiting", \.access.passwordsWaiting, in: 0...10_000,
            """
            The maximum passwords waiting to be hashed, which takes a core for a fifth of a second or so each. Beyond that,
            requests get 503 `overloaded`.
            """)
        Setting(
            "jwt.jwks_file", \.access.keysFile, example: "/etc/khata/jwks.json",
            """
            JSON Web Tokens are accepted if there is a key for them: here, a JWK Set (RFC 7517) with keys for ES256, RS256,
            EdDSA or HS256, each with a kid. It is read again when it changes.
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
    }
}

extension AccessSettings {
    func check() throws(SettingsError) {
        guard keysFile == nil && secret == nil || issuer != nil && audience != nil else {
            throw SettingsError("jwt.issuer and jwt.audience are needed: without them, other services' tokens would do")
        }
    }
}

extension AccessSettings {
    /// The verifier of tokens, and the file that it reloads keys from.
    struct Tokens {
        let verifier: TokenVerifier
        let file: TokenKeysFile?
    }

    /// The authenticator, and the services that it needs.
    struct Parts {
        let authenticator: Authenticator
        let services: [any Service]
    }

    func parts(credentials: any CredentialStoring, _ logger: Logger) async throws(SettingsError) -> Parts {
        let uses = KeyUses(store: credentials, logger: logger)
        let tokens = try await tokens()
        var services: [any Service] = [uses]
        if let tokens, let file = tokens.file {
            services.append(TokenKeysWatch(file: file, verifier: tokens.verifier, logger: logger))
        }
        let authenticator = Authenticator(
            credentials: credentials, uses: uses,
            passwords: acceptsPasswords ? PasswordHasher(waiting: passwordsWaiting) : nil, tokens: tokens?.verifier,
            logger: logger)
        return Parts(authenticator: authenticator, services: services)
    }

    /// - Returns: `nil` if no key for tokens is configured.
    func tokens() async throws(SettingsError) -> Tokens? {
        guard let issuer, let audience, keysFile != nil || secret != nil else { return nil }
        let policy = TokenPolicy(issuer: issuer, audience: audience, leeway: leeway)
        var keys = TokenKeys()
        if let secret {
            do {
                try await keys.add(hs256Secret: secret, as: secretID)
            } catch {
                throw SettingsError("jwt.hs256_secret: \(error)")
            }
        }
        guard let keysFile else { return Tokens(verifier: TokenVerifier(policy: policy, keys: keys), file: nil) }
        let file = TokenKeysFile(path: keysFile, others: keys)
        do {
            return Tokens(verifier: TokenVerifier(policy: policy, keys: try await file.keys()), file: file)
        } catch {
            throw SettingsError("jwt.jwks_file: \(error)")
        }
    }
}
