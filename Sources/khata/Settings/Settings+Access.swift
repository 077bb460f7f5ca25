import Access
import Authentication
import Logging
import ServiceLifecycle

/// Which credentials are accepted besides API keys.
struct AccessSettings {
    var acceptsPasswords = true
    var passwordsWaiting = 64
    var keysFile: String?
    var secret: String?
    var secretID = "default"
    var issuer: String?
    var audience: String?
    var leewaySeconds = 30
}

extension AccessSettings {
    /// - Throws: `SettingsError`.
    init(_ source: SettingsSource) throws(SettingsError) {
        acceptsPasswords = try source.flag(.basicEnabled) ?? acceptsPasswords
        passwordsWaiting = try source.integer(.basicWaiting, in: 0...10_000) ?? passwordsWaiting
        keysFile = try source.text(.tokenKeysFile)
        secret = try source.text(.tokenSecret)
        secretID = try source.text(.tokenSecretID) ?? secretID
        issuer = try source.text(.tokenIssuer)
        audience = try source.text(.tokenAudience)
        leewaySeconds = try source.integer(.tokenLeeway, in: 0...300) ?? leewaySeconds
        guard keysFile == nil && secret == nil || issuer != nil && audience != nil else {
            throw SettingsError("jwt.issuer and jwt.audience are needed: without them, other services' tokens would do")
        }
    }
}

extension AccessSettings {
    /// What verifies tokens, and the file whose keys it should follow.
    struct Tokens {
        let verifier: TokenVerifier
        let file: TokenKeysFile?
    }

    /// What says who asks, and the services that have to run for that.
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
        let policy = TokenPolicy(issuer: issuer, audience: audience, leeway: .seconds(leewaySeconds))
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
