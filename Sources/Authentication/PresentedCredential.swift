import RateLimiting

/// What identifies a presented credential: a keyed hash of it, the same for each spelling of the header. Credentials that
/// are remembered are not in memory as such.
///
/// 128 bits under a key of this process, so that nobody can find another credential with the same hash. As cached reads do
/// this, it is SipHash: cheaper than checking and comparing the text, which HMAC is not.
struct PresentedCredential: Hashable {
    private let digest: SipHash.Digest

    /// - Parameter site: Of a password: what is remembered about it holds for this site only, where it was verified, so
    ///   that guesses from elsewhere are limited.
    init(_ header: AuthorizationHeader, from site: ClientAddress? = nil, hashedBy hash: SipHash) {
        var (hash, header) = (hash, header)
        hash.add(header.scheme.rawValue)
        if header.scheme == .basic {
            hash.add(site?.bits.high ?? 0)
            hash.add(site?.bits.low ?? 0)
        }
        digest = header.withValue { hash.digest(of: $0) }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(digest.low)
    }
}
