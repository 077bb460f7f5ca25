import Authentication
import Basics
import HTTPTypes
import InventoryContract

extension Problem {
    /// 401 with the authentication schemes, in one field each, which clients that know only one scheme parse more
    /// easily. The detail is the same whatever is wrong with the credential.
    ///
    /// RFC 6750, section 3.1: `error` is only for requests with a bearer token.
    /// - Parameter authorization: What the request presented, if anything.
    static func unauthenticated(presenting authorization: String?, _ authenticator: Authenticator) -> Problem {
        let detail =
            authorization == nil
            ? "Send an API key or a token: Authorization: Bearer …" : "The credential is not valid."
        var problem = Problem(.unauthenticated, detail)
        let isBearer = authorization?.utf8.prefix(7).spells("bearer ") ?? false
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

    static var passwordWithoutTLS: Problem {
        var problem = Problem(.unauthenticated, "Passwords are only accepted over TLS.")
        problem.headers[.wwwAuthenticate] = #"Bearer realm="khata""#
        return problem
    }
}
