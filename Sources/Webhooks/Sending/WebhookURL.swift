import Basics
import Foundation

/// Where a webhook's events are sent.
public struct WebhookURL: Hashable, Sendable {
    let isEncrypted: Bool
    /// In lower case; an IPv6 address without brackets.
    let host: String
    let port: Int
    /// As the HTTP client gets it: its parser finds the same host in it.
    let text: String

    /// What is wrong with a URL, in words that follow its name.
    public struct Invalid: Error, CustomStringConvertible {
        public let description: String
    }

    /// The maximum length in bytes.
    static let maximumLength = 2_000

    public init(_ url: String) throws(Invalid) {
        guard url.utf8.count <= Self.maximumLength, url.utf8.allSatisfy(Self.characters.contains) else {
            throw Invalid(
                description: "has to have at most \(Self.maximumLength) of the characters that a URL may have")
        }
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["https", "http"].contains(parts[0].lowercased()) else {
            throw Invalid(description: "has to begin with https://")
        }
        isEncrypted = parts[0].lowercased() == "https"
        guard !url.contains("#") else { throw Invalid(description: "has a fragment, which is never sent") }
        let end = parts[1].firstIndex { $0 == "/" || $0 == "?" } ?? parts[1].endIndex
        guard !parts[1][..<end].contains("@") else {
            throw Invalid(description: "has a user or password: a receiver checks the signature instead")
        }
        let authority: URLAuthority
        do {
            authority = try URLAuthority(parts[1][..<end])
        } catch {
            throw Invalid(description: error.description)
        }
        host = authority.host.lowercased()
        port = authority.port ?? (isEncrypted ? 443 : 80)
        let isAddress = host.contains(":")
        guard !host.isEmpty, host.utf8.count <= 253, isAddress || host.utf8.allSatisfy(Self.hostCharacters.contains)
        else { throw Invalid(description: "has no host, or one that is no name and no address") }
        let target = parts[1][end...]
        text =
            "\(isEncrypted ? "https" : "http")://\(isAddress ? "[\(host)]" : host):\(port)"
            + (target.hasPrefix("/") ? "" : "/") + target
        // Two parsers that disagree would let a host be checked, and another one be connected to.
        let parsed = URL(string: text)?.host?.trimmingCharacters(in: ["[", "]"])
        guard parsed == host else { throw Invalid(description: "cannot be read") }
    }

    /// RFC 3986, besides `[` and `]`, which only an address has.
    private static let characters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#@!$&'()*+,;=%[]".utf8)
    private static let hostCharacters = Set("abcdefghijklmnopqrstuvwxyz0123456789-._".utf8)
}
