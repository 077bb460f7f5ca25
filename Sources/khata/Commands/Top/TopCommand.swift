import ArgumentParser
import AsyncHTTPClient
import Basics
import Foundation
import UnixSignals

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows live what instances do: traffic, errors, latency and saturation, lanes, cache and lag.",
        discussion: """
            From the metrics of their operator's ports. Rates and quantiles are of the last interval. `q` ends it. Where the \
            output is no terminal, one table is printed, as with --once; the exit code is 1 if an instance is down.
            """)

    @Argument(help: "The operator's ports of the instances.")
    var urls = ["http://127.0.0.1:8081"]

    @Option(help: "The seconds between two looks.")
    var interval = 2.0

    @Flag(help: "Print the tables once, after one interval.")
    var once = false

    func validate() throws {
        guard (0.2...3_600).contains(interval) else {
            throw ValidationError("--interval has to be from 0.2 to 3600 seconds.")
        }
        guard urls.count <= Self.maximumInstances else {
            throw ValidationError("There may be up to \(Self.maximumInstances) instances.")
        }
    }

    private static let maximumInstances = 50
    /// Of an instance to respond.
    private static let timeout = Duration.seconds(2)

    func run() async throws {
        var instances = try urls.map { WatchedInstance(scraper: try InstanceScraper($0)) }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        let isLive = !once && isatty(STDOUT_FILENO) == 1
        let view = try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            if isLive {
                try await watch(instances, client)
                return nil as TopView?
            }
            await Self.scrape(&instances, client)
            try await Task.sleep(for: .seconds(interval))
            await Self.scrape(&instances, client)
            return TopView(instances)
        }
        guard let view else { return }
        print(view.lines(.standardOutput).joined(separator: "\n"))
        if view.isAnyDown { throw ExitCode(1) }
    }

    /// At the same time; one that does not respond is down, and holds up none of the others.
    private static func scrape(_ instances: inout [WatchedInstance], _ client: HTTPClient) async {
        await withTaskGroup { group in
            for (index, instance) in instances.enumerated() {
                group.addTask {
                    (index, await Result.of { try await instance.scraper.scrape(client, within: timeout) })
                }
            }
            for await (index, result) in group { instances[index].add(result) }
        }
    }

    // The terminal

    private enum Event {
        case scraped([WatchedInstance])
        case resized
    }

    private func watch(_ instances: [WatchedInstance], _ client: HTTPClient) async throws {
        // What comes while something is drawn: only the newest counts.
        let (events, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(16))
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch)
        let screen = try FullScreen()
        defer { screen.leave() }
        let keys = Self.quitKeys(continuation)
        defer { keys?.cancel() }
        try await withThrowingTaskGroup { group in
            defer { group.cancelAll() }
            group.addTask {
                for await signal in signals {
                    if signal == .sigwinch { continuation.yield(.resized) } else { continuation.finish() }
                }
            }
            group.addTask {
                var instances = instances
                while true {
                    let next = ContinuousClock.now + .seconds(interval)
                    await Self.scrape(&instances, client)
                    continuation.yield(.scraped(instances))
                    try await Task.sleep(until: next)
                }
            }
            var shown: [WatchedInstance] = []
            try draw(shown, on: screen)
            for await event in events {
                switch event {
                case .scraped(let instances): shown = instances
                case .resized: break
                }
                try draw(shown, on: screen)
            }
        }
    }

    private func draw(_ instances: [WatchedInstance], on screen: FullScreen) throws {
        let (width, height) = screen.size
        let time = Date.now.formatted(Date.ISO8601FormatStyle(timeZone: .gmt).time(includingFractionalSeconds: false))
        let heading = "khata top  \(time) UTC  every \(interval.formatted()) s  q quits".cut(to: width)
        let view = TopView(instances)
        let lines =
            [Styling.standardOutput.text(heading, .heading), ""]
            + view.lines(.standardOutput, width: width, height: height - 2)
        try screen.draw(Array(lines.prefix(height)))
    }

    /// Reads the keyboard. `nil` if there is none.
    private static func quitKeys(_ continuation: AsyncStream<Event>.Continuation) -> (any DispatchSourceRead)? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
        source.setEventHandler {
            var keys = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &keys, keys.count)
            // The terminal is gone, or it is q, Q, Ctrl-C or Ctrl-D.
            if count <= 0 || keys[..<count].contains(where: { [0x71, 0x51, 0x03, 0x04].contains($0) }) {
                continuation.finish()
            }
        }
        source.resume()
        return source
    }
}

/// An instance, and its last two scrapes.
private struct WatchedInstance: Sendable {
    let scraper: InstanceScraper
    private var last: Scrape?
    private var beforeLast: Scrape?
    private var failure: ScrapeFailure?

    init(scraper: InstanceScraper) {
        self.scraper = scraper
    }

    mutating func add(_ result: Result<Scrape, any Error>) {
        switch result {
        case .success(let scrape):
            (beforeLast, last, failure) = (last, scrape, nil)
        case .failure(let error):
            // What it counted before it was down says nothing about now.
            (beforeLast, last) = (nil, nil)
            failure = error as? ScrapeFailure ?? ScrapeFailure("\(error)")
        }
    }

    fileprivate var row: TopView.Row? {
        if let last {
            return TopView.Row(name: scraper.name, state: .success(InstanceFigures(last, since: beforeLast)))
        }
        return failure.map { TopView.Row(name: scraper.name, state: .failure($0)) }
    }
}

extension TopView {
    fileprivate init(_ instances: [WatchedInstance]) {
        self.init(rows: instances.compactMap(\.row))
    }
}
