import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Prometheus

/// Reads the metrics of one instance, from its operator's port.
struct InstanceScraper: Sendable {
    /// How it is called: the host, and the port if there is one.
    let name: String
    private let url: String

    /// The metrics of an instance are under 1 MiB.
    private static let maximumBytes = 8 << 20

    /// - Parameter text: Such as `http://127.0.0.1:8081` or `shop1:8081`.
    /// - Throws: `Failure` if it is no address.
    init(_ text: String) throws {
        guard let url = URL(string: text.contains("://") ? text : "http://\(text)"), let host = url.host(),
            !host.isEmpty, ["http", "https"].contains(url.scheme), url.user == nil, url.query == nil
        else {
            throw Failure("\"\(text)\" is no address: it has to be like http://127.0.0.1:8081, an operator's port.")
        }
        name = url.port.map { "\(host):\($0)" } ?? host
        self.url = url.path().hasSuffix("/metrics") ? url.absoluteString : url.appending(path: "metrics").absoluteString
    }

    /// - Throws: `ScrapeFailure`
    func scrape(_ client: HTTPClient, within limit: Duration) async throws -> Scrape {
        try await withThrowingTaskGroup { group in
            group.addTask { try await scrape(client) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw ScrapeFailure("no response within \(limit.components.seconds) seconds")
            }
            defer { group.cancelAll() }
            guard let scrape = try await group.next() else { throw CancellationError() }
            return scrape
        }
    }

    private func scrape(_ client: HTTPClient) async throws -> Scrape {
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), deadline: .distantFuture)
            guard response.status == .ok else {
                throw ScrapeFailure(
                    response.status == .notFound
                        ? "it has no metrics: this is the operator's port, is it?"
                        : "it responded with \(response.status.code)")
            }
            let body = try await response.body.collect(upTo: Self.maximumBytes)
            let samples = try MetricSamples(parsing: body.readableBytesView)
            guard samples.sum("khata_build_info") != nil else {
                throw ScrapeFailure("these are not the metrics of a Khata instance")
            }
            return Scrape(samples: samples, at: .now)
        } catch let error as MetricSyntaxError {
            throw ScrapeFailure("these are no metrics: \(error)")
        } catch is NIOTooManyBytesError {
            throw ScrapeFailure("its response is longer than \(Self.maximumBytes >> 20) MiB")
        } catch let error as ScrapeFailure {
            throw error
        } catch {
            // Of a name, each address may have failed in its own way: the first one tells enough.
            let first = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
            let reason = (first as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(first)"
            throw ScrapeFailure("it cannot be reached: \(reason)")
        }
    }
}

/// What an instance had counted at a moment.
struct Scrape: Sendable {
    let samples: MetricSamples
    let at: ContinuousClock.Instant
}

/// Why an instance's metrics are not known.
struct ScrapeFailure: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
