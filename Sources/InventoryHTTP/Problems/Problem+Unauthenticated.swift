import Authentication
import HTTPTypes
import InventoryContract

extension Problem {
    /// 401 with the ways to authenticate, one field each: clients that know one scheme only read the other's more
    /// easily so. The words are the same whatever is wrong with a credential.
    ///
    /// RFC 6750, section 3.1: `error` is only for who sent a bearer token.
    /// - Parameter authorization: What the request presented, if anything.
    static func unauthenticated(presenting authorization: String?, _ authenticator: Authenticator) -> Problem {
        let detail =
            authorization == nil
            ? "Send an API key or a token: Authorization: Bearer …" : "The credential is not valid."
        var problem = Problem(.unauthenticated, detail)
        let isBearer = authorization.map { $0.prefix(7).lowercased() == "bearer " } ?? false
        problem.headers.append(
            HTTPField(
                name: .wwwAuthenticate,
                value: #"Bearer realm="khata""# + (isBearer ? #", error="invalid_token""# : "")))
        if authenticator.acceptsPasswords {
            // RFC 7617, section 2.1.
            problem.headers.append(
                HTTPField(name: .wwwAuthenticate, value: #"Basic realm="khata", charset="UTF-8""#))
        }
        return problem
    }
}
