import AsyncHTTPClient
import Basics
import Foundation
import NIOCore
import NIOHTTP1

/// Where a JWK Set comes from, which is read again to rotate keys without a restart.
public struct TokenKeysSource: Sendable {
    private static let maximumBytes = 1 << 20
    private enum Place {
        case file(path: String)
        case url(String)
    }

    private let place: Place
    /// How often it is read.
    let interval: Duration
    /// Of a request, from the connection to the end of the response.
    var timeout = Duration.seconds(5)

    /// Read every five seconds.
    public static func file(_ path: String) -> TokenKeysSource {
        TokenKeysSource(place: .file(path: path), interval: .seconds(5))
    }

    /// Exactly this URL: redirects are not followed.
    /// - Throws: `TokenKeysError` unless it is of `https`, or of `http` on this machine.
    public static func url(_ text: String, every interval: Duration) throws(TokenKeysError) -> TokenKeysSource {
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty, url.user == nil,
            url.password == nil,
            url.scheme == "https" || url.scheme == "http" && ["127.0.0.1", "[::1]", "::1", "localhost"].contains(host)
        else { throw TokenKeysError("\(text) is no URL of https") }
        return TokenKeysSource(place: .url(text), interval: interval)
    }

    var isRemote: Bool {
        if case .url = place { true } else { false }
    }

    func contents() async throws -> [UInt8] {
        switch place {
        case .file(let path):
            return try await onBlockingThread { try Self.read(path) }
        case .url(let url):
            return try await withThrowingTaskGroup { group in
                group.addTask { try await Self.fetch(url) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    throw TokenKeysError("\(url) does not respond within \(timeout)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
        }
    }

    /// With a client of its own, because that is once in minutes.
    private static func fetch(_ url: String) async throws -> [UInt8] {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            do {
                let response = try await client.execute(HTTPClientRequest(url: url), deadline: .distantFuture)
                guard response.status == .ok else {
                    throw TokenKeysError("\(url) responds with \(response.status.code)")
                }
                return Array(buffer: try await response.body.collect(upTo: maximumBytes))
            } catch let error as TokenKeysError {
                throw error
            } catch is NIOTooManyBytesError {
                throw TokenKeysError("\(url) is longer than \(maximumBytes) bytes")
            } catch {
                throw TokenKeysError("\(url) cannot be read: \(error)")
            }
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw TokenKeysError("\(path) cannot be opened") }
        guard let contents = try? file.read(upToCount: maximumBytes + 1) else {
            throw TokenKeysError("\(path) cannot be read")
        }
        guard contents.count <= maximumBytes else {
            throw TokenKeysError("\(path) is longer than \(maximumBytes) bytes")
        }
        return Array(contents)
    }
}
