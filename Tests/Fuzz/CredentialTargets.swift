import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import NIOCore
import RateLimiting

@testable import Authentication
@testable import InventoryHTTP

extension FuzzTarget {
    /// `Authorization`: what is remembered about a credential does not depend on how its scheme is written.
    static let credentials = FuzzTarget(
        "credentials",
        text: { text in
            let hash = SipHash(key: 1, 2)
            guard let header = AuthorizationHeader(text) else { return }
            let name = header.scheme == .basic ? "bAsIc" : "BEARER"
            guard let other = AuthorizationHeader("\(name)   \(header.value)") else { return }
            try require(
                PresentedCredential(header, hashedBy: hash) == PresentedCredential(other, hashedBy: hash),
                "two spellings are two credentials")
            _ = Credential(header)
        })

    /// JSON Web Tokens, before their signature, and what is signed.
    static let tokens = FuzzTarget("tokens") { bytes in
        _ = try? TokenClaims(bytes, policy, at: Timestamp("2026-11-20T00:00:00Z")!)
        let token = try SignedToken(Substring(String(decoding: bytes, as: UTF8.self)))
        let signed = "\(String(decoding: token.signingInput, as: UTF8.self)).\(Base64.encode(token.signature, .url))"
        try require(signed.utf8.elementsEqual(bytes), "other tokens are the same")
    }

    private static let policy = TokenPolicy(
        issuer: "a", audience: "b", leeway: .seconds(30), lifetime: .seconds(86_400))

    static let keySets = FuzzTarget("keySets") { bytes in
        var keys = TokenKeys()
        try await keys.add(jwks: bytes)
    }

    /// `X-Forwarded-For` of a trusted proxy, and the ranges of proxies: addresses read as what they are written as.
    static let forwarding = FuzzTarget(
        "forwarding",
        text: { text in
            let trusted = [AddressRange(text: "10.0.0.0/8")!, AddressRange(text: "fd00::/8")!]
            var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
            head.headerFields.append(HTTPField(name: .forwardedFor, value: text))
            let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
            let peer = try SocketAddress(ipAddress: "10.0.0.1", port: 1)
            let client = TrustedProxies(trusted).client(of: request, from: peer)
            if let client { try require(ClientAddress(text: client.description) == client, "it is another address") }
            guard let range = AddressRange(text: text) else { return }
            try require(AddressRange(text: range.description) == range, "it is another range")
        })
}
