import Authentication
import CryptoExtras
import Foundation

/// A token that must not be accepted, and why.
public struct Forgery: Sendable, CustomStringConvertible {
    public let description: String
    public let token: String
    /// The defect that it is to be refused for, so that a test knows that it was not refused for another.
    public let defect: String

    init(_ description: String, _ defect: String, _ token: String) {
        self.description = description
        self.token = token
        self.defect = defect
    }
}

extension TokenIssuer {
    /// After RFC 8725 and what was found wrong with libraries since.
    public func forgeries(at now: Int64) throws -> [Forgery] {
        try unsigned(now) + misheaded(now) + misclaimed(now) + mangled(now)
    }

    private func unsigned(_ now: Int64) throws -> [Forgery] {
        let good = try token(at: now).split(separator: ".")
        let publicKey = Data(rsa.publicKey.pemRepresentation.utf8)
        func signedWithPublicKey(kid: String) -> String {
            let header = base64url(Data(#"{"alg":"HS256","kid":"\#(kid)"}"#.utf8))
            let input = "\(header).\(good[1])"
            return "\(input).\(base64url(hmac(Data(input.utf8), key: publicKey)))"
        }
        var forgeries = try ["none", "None", "NONE", "nOnE"].flatMap { name in
            [
                Forgery(
                    "alg \(name), without a signature", #"header("alg")"#,
                    try token("", at: now, header: ["alg": quoted(name), "kid": quoted("HS256")])),
                Forgery(
                    "alg \(name), with one", #"header("alg")"#,
                    try token("HS256", at: now, header: ["alg": quoted(name)])),
            ]
        }
        forgeries += [
            Forgery(
                "HS256, with the RSA public key as its secret, under the RSA key's kid", "otherAlgorithm",
                signedWithPublicKey(kid: "RS256")),
            Forgery("the same under the secret's kid", "wrongSignature", signedWithPublicKey(kid: "HS256")),
            Forgery("a signature that is empty", "wrongSignature", "\(good[0]).\(good[1])."),
            Forgery(
                "the signature of another token", "wrongSignature",
                "\(good[0]).\(good[1]).\(try token(at: now + 1).split(separator: ".")[2])"),
            Forgery(
                "claims of another token", "wrongSignature",
                "\(good[0]).\(try token(at: now, claims: ["role": quoted("admin")]).split(separator: ".")[1]).\(good[2])"
            ),
        ]
        for algorithm in Self.algorithms {
            forgeries.append(
                Forgery(
                    "\(algorithm), with a signature of another kind", "wrongSignature",
                    try sign(
                        #"{"alg":"\#(algorithm)","kid":"\#(algorithm)"}"#, "{}",
                        algorithm == "HS256" ? "ES256" : "HS256")))
        }
        return forgeries
    }

    private func misheaded(_ now: Int64) throws -> [Forgery] {
        let header: [(String, String, [String: String?])] = [
            ("a kid that is unknown", "unknownKey", ["kid": quoted("other")]),
            ("no kid", #"header("kid")"#, ["kid": nil]),
            ("a kid that is a number", #"header("kid")"#, ["kid": "1"]),
            ("no alg", #"header("alg")"#, ["alg": nil]),
            ("an alg that is not done here", #"header("alg")"#, ["alg": quoted("HS512")]),
            ("an alg in small letters", #"header("alg")"#, ["alg": quoted("hs256")]),
            ("an alg that is another key's", "otherAlgorithm", ["alg": quoted("RS256")]),
            ("a crit", #"header("crit")"#, ["crit": #"["exp"]"#, "exp": "1"]),
            ("an empty crit", #"header("crit")"#, ["crit": "[]"]),
            ("a crit that is null", #"header("crit")"#, ["crit": "null"]),
            ("a jku", #"header("jku")"#, ["jku": quoted("https://evil.example/jwks.json")]),
            ("a jwk", #"header("jwk")"#, ["jwk": #"{"kty": "oct", "k": "AAAA"}"#]),
            ("an x5u", #"header("x5u")"#, ["x5u": quoted("https://evil.example/x")]),
            ("an x5c", #"header("x5c")"#, ["x5c": "[]"]),
            ("another typ", #"header("typ")"#, ["typ": quoted("secevent+jwt")]),
            ("a typ that is a number", #"header("typ")"#, ["typ": "1"]),
        ]
        return try header.map { Forgery($0, $1, try token(at: now, header: $2)) }
    }

    private func misclaimed(_ now: Int64) throws -> [Forgery] {
        let many = "[" + (1...1_001).map(String.init).joined(separator: ",") + "]"
        let claims: [(String, String, [String: String?])] = [
            ("another issuer", "iss", ["iss": quoted("https://issuer.example/")]),
            ("no issuer", "iss", ["iss": nil]),
            ("issuers", "iss", ["iss": "[\(quoted(policy.issuer))]"]),
            ("another audience", "aud", ["aud": quoted("other")]),
            ("other audiences", "aud", ["aud": #"["other", "khata2"]"#]),
            ("no audience", "aud", ["aud": nil]),
            ("an audience that is not a text", "aud", ["aud": #"["khata", 1]"#]),
            ("expired", "exp", ["exp": "\(now - 30)"]),
            ("no exp", "exp", ["exp": nil]),
            ("an exp that is a text", "exp", ["exp": quoted("\(now + 600)")]),
            ("an exp with a fraction", "exp", ["exp": "\(now + 600).5"]),
            ("an exp below all numbers", "exp", ["exp": "-9223372036854775808"]),
            ("an exp past all numbers", "exp", ["exp": "9223372036854775808"]),
            ("not yet valid", "nbf", ["nbf": "\(now + 600)"]),
            ("an nbf that is null", "nbf", ["nbf": "null"]),
            ("of the future", "iat", ["iat": "\(now + 600)"]),
            ("no sub", "sub", ["sub": nil]),
            ("an empty sub", "sub", ["sub": quoted("")]),
            ("a sub with a line break", "sub", ["sub": quoted(#"a\nb"#)]),
            ("a sub of 201 characters", "sub", ["sub": quoted(String(repeating: "a", count: 201))]),
            ("no role", "role", ["role": nil]),
            ("another role", "role", ["role": quoted("owner")]),
            ("roles", "role", ["role": #"["admin"]"#]),
            ("stores that are a number", "stores", ["stores": "1"]),
            ("stores that are a text", "stores", ["stores": quoted("1")]),
            ("stores that are texts", "stores", ["stores": #"["1"]"#]),
            ("store 0", "stores", ["stores": "[0]"]),
            ("a store below 0", "stores", ["stores": "[-1]"]),
            ("a store twice", "stores", ["stores": "[1, 1]"]),
            ("more stores than there may be", "stores", ["stores": many]),
        ]
        return try claims.map { Forgery($0, "claim(\(quoted($1)))", try token(at: now, claims: $2)) }
    }

    private func mangled(_ now: Int64) throws -> [Forgery] {
        let good = try token(at: now)
        let parts = good.split(separator: ".").map(String.init)
        let twice = #"{"alg":"HS256","kid":"other","kid":"HS256"}"#
        let claims = "\"iss\":\(quoted(policy.issuer)),\"aud\":\"khata\",\"sub\":\"a\",\"exp\":\(now + 600)"
        let header = #"{"alg":"HS256","kid":"HS256"}"#
        var forgeries = [
            ("empty", ""), ("a word", "token"), ("dots", ".."), ("two parts", "\(parts[0]).\(parts[1])"),
            ("five parts", "\(good).a.b"), ("truncated by one character", String(good.dropLast())),
            ("truncated in the claims", String(good.prefix(parts[0].count + 5))),
            ("padding", "\(parts[0])=.\(parts[1]).\(parts[2])"),
            ("bad base64", "\(parts[0]).\(parts[1]).\(parts[2].dropLast())!"),
            ("a blank", "\(parts[0]). \(parts[1]).\(parts[2])"),
            ("a header twice", try sign(twice, "{\(claims),\"role\":\"clerk\"}", "HS256")),
            ("a header that is no JSON", try sign(header + ",", "{}", "HS256")),
            ("a header that is no object", try sign("[]", "{}", "HS256")),
            ("a claim twice", try sign(header, "{\(claims),\"role\":\"clerk\",\"role\":\"admin\"}", "HS256")),
            ("claims that are no object", try sign(header, "[]", "HS256")),
            ("claims that are no JSON", try sign(header, "{\(claims),}", "HS256")),
        ].map { Forgery($0, "malformed", $1) }
        forgeries += try [9_000, 100_000].map { length in
            let padding = String(repeating: "a", count: length)
            return Forgery(
                "a token of \(length) bytes", "tooLong", try token(at: now, claims: ["padding": quoted(padding)]))
        }
        return forgeries
    }
}
