/// Why a credential was refused. For metrics and logs; clients do not learn the reason.
public enum CredentialRefusal: String, CaseIterable, Sendable {
    /// Not a credential of any known form.
    case malformed
    /// Of a kind that is not accepted here.
    case unsupported
    case unknownKey = "unknown-key"
    case wrongSecret = "wrong-secret"
    case revoked
    case expired
    /// Or an unknown user: the two are not told apart.
    case wrongPassword = "wrong-password"
    case disabledUser = "disabled-user"
    /// Wrong passwords came too often: this one was not tried.
    case paused
    /// A password that came unencrypted over a network.
    case unencrypted
    case tokenExpired = "token-expired"
    case tokenSignature = "token-signature"
    case tokenUnknownKey = "token-unknown-key"
    /// Any other defect of a token; the log has it at the level debug.
    case tokenInvalid = "token-invalid"
}

extension CredentialRefusal {
    init(_ defect: TokenDefect) {
        self =
            switch defect {
            case .claim("exp"): .tokenExpired
            case .wrongSignature: .tokenSignature
            case .unknownKey: .tokenUnknownKey
            case .tooLong, .malformed, .header, .otherAlgorithm, .claim: .tokenInvalid
            }
    }
}
