/// The samples of one scrape.
public struct MetricSamples: Sendable {
    public typealias Labels = [String: String]

    private var byName: [String: [Labels: Double]] = [:]

    /// Reads the text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/); comments and times are
    /// skipped. What is not UTF-8 is repaired.
    /// - Throws: `MetricSyntaxError`, also if there are more than `maximumSamples`.
    public init(parsing text: some Collection<UInt8>) throws(MetricSyntaxError) {
        var (count, number) = (0, 0)
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var parser = SampleParser(line: line)
            guard !parser.isBlank else { continue }
            guard let sample = parser.sample() else { throw MetricSyntaxError(line: number, "this is no sample") }
            count += 1
            guard count <= Self.maximumSamples else {
                throw MetricSyntaxError(line: number, "there are more than \(Self.maximumSamples) samples")
            }
            byName[sample.name, default: [:]][sample.labels] = sample.value
        }
    }

    public static let maximumSamples = 50_000

    /// The samples with this name, by their labels.
    public subscript(name: String) -> [Labels: Double] { byName[name] ?? [:] }

    /// The sum of the samples with this name that match; `nil` if there are none.
    public func sum(_ name: String, where matches: (Labels) -> Bool = { _ in true }) -> Double? {
        let values = self[name].filter { matches($0.key) }.values
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    /// A histogram: the sum of those with this name that match.
    public func histogram(_ name: String, where matches: (Labels) -> Bool = { _ in true }) -> HistogramBuckets {
        var buckets = HistogramBuckets()
        for (labels, count) in self["\(name)_bucket"] where matches(labels) {
            if let bound = labels["le"].flatMap(Double.init(exposed:)), !bound.isNaN { buckets.add(count, upTo: bound) }
        }
        return buckets
    }

    /// How much each sample has increased, as a counter: one that fell has begun anew, as Prometheus sees it.
    public func increases(since earlier: MetricSamples) -> MetricSamples {
        var increases = self
        for (name, samples) in earlier.byName {
            for (labels, before) in samples {
                guard let now = byName[name]?[labels], now >= before else { continue }
                increases.byName[name]?[labels] = now - before
            }
        }
        return increases
    }
}

/// What was scraped is not in Prometheus's text format.
public struct MetricSyntaxError: Error, CustomStringConvertible {
    public let line: Int
    private let reason: String

    init(line: Int, _ reason: String) {
        (self.line, self.reason) = (line, reason)
    }

    public var description: String { "line \(line): \(reason)" }
}

/// Reads one line.
private struct SampleParser<Line: Collection<UInt8>> {
    private var rest: Line.SubSequence

    init(line: Line) {
        rest = line[...]
        skipSpaces()
    }

    /// Nothing, or a comment.
    var isBlank: Bool { rest.first.map { $0 == UInt8(ascii: "#") } ?? true }

    mutating func sample() -> (name: String, labels: MetricSamples.Labels, value: Double)? {
        let name = name(allowingColons: true)
        skipSpaces()
        guard !name.isEmpty, let labels = labels() else { return nil }
        let words = rest.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard (1...2).contains(words.count), let value = Double(exposed: String(decoding: words[0], as: UTF8.self)),
            // The time, in ms.
            words.count == 1 || Int64(String(decoding: words[1], as: UTF8.self)) != nil
        else { return nil }
        return (name, labels, value)
    }

    /// Such as `{route="/stores",status="200"}`; none at all are `[:]`.
    private mutating func labels() -> MetricSamples.Labels? {
        var labels: MetricSamples.Labels = [:]
        guard skip("{") else { return labels }
        skipSpaces()
        while !skip("}") {
            let name = name(allowingColons: false)
            skipSpaces()
            guard !name.isEmpty, labels[name] == nil, skip("=") else { return nil }
            skipSpaces()
            guard let value = quoted() else { return nil }
            labels[name] = value
            skipSpaces()
            guard skip(",") || rest.first == UInt8(ascii: "}") else { return nil }
            skipSpaces()
        }
        return labels
    }

    private mutating func name(allowingColons: Bool) -> String {
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): allowingColons
            default: false
            }
        }
        guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return "" }
        rest = rest[name.endIndex...]
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func quoted() -> String? {
        guard skip("\"") else { return nil }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
                case let escaped? where escaped == UInt8(ascii: "\\") || escaped == UInt8(ascii: "\""):
                    bytes.append(escaped)
                default: return nil
                }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}

extension Double {
    /// As both formats write it: `+Inf`, `NaN`, `0.25`, `1e9`.
    fileprivate init?(exposed text: String) {
        // Swift also reads hexadecimal digits, and names that Prometheus does not write.
        guard text.utf8.allSatisfy({ "0123456789+-.eEINafn".utf8.contains($0) }) else { return nil }
        self.init(text)
    }
}
