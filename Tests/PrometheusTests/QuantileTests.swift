import Foundation
import Prometheus
import Testing

@Suite("Quantiles")
struct QuantileTests {
    @Test("are those of Prometheus's histogram_quantile, bit for bit")
    func comparedWithPrometheus() throws {
        let histograms: [[(bound: Double, count: Double)]] = [
            [(0.1, 0), (0.5, 3), (1, 3), (5, 10), (.infinity, 10)],
            [(0.1, 7), (0.5, 9), (.infinity, 20)],
            [(-1, 2), (0, 4), (1, 9), (.infinity, 9)],
            [(0.001, 1), (0.0025, 123_456), (.infinity, 123_457)],
            // Read while it was counted: a bucket has less than the one below.
            [(0.1, 5), (0.5, 4), (1, 8), (.infinity, 8)],
        ]
        var tests = ""
        for (number, histogram) in histograms.enumerated() {
            let text = histogram.map { "h_bucket{n=\"\(number)\",le=\"\(Self.bound($0.bound))\"} \($0.count)\n" }
                .joined()
            let buckets = try MetricSamples(parsing: Array(text.utf8)).histogram("h") { $0["n"] == "\(number)" }
            for quantile in [0.01, 0.3, 0.5, 0.75, 0.9, 0.99, 1] {
                tests += """
                          - expr: histogram_quantile(\(quantile), h_bucket{n="\(number)"})
                            eval_time: 0m
                            exp_samples: [{labels: '{n="\(number)"}', value: \(try #require(buckets.quantile(quantile)))}]

                    """
            }
        }
        let series = histograms.enumerated().flatMap { number, histogram in
            histogram.map {
                "      - {series: 'h_bucket{n=\"\(number)\",le=\"\(Self.bound($0.bound))\"}', values: '\($0.count)'}\n"
            }
        }.joined()
        try promtool("tests:\n  - interval: 1m\n    input_series:\n\(series)    promql_expr_test:\n\(tests)")
    }

    @Test("there is none of nothing, nor without a last bucket")
    func none() {
        var buckets = HistogramBuckets()
        #expect(buckets.quantile(0.5) == nil)
        buckets.add(3, upTo: 0.1)
        buckets.add(4, upTo: 0.5)
        #expect(buckets.quantile(0.5) == nil)
        var empty = HistogramBuckets()
        for bound in [0.1, .infinity] { empty.add(0, upTo: bound) }
        #expect(empty.quantile(0.5) == nil)
    }

    @Test("those of several histograms are of their sum")
    func sum() throws {
        let text = [("a", 2, 2), ("b", 0, 8)].map { name, first, all in
            "h_bucket{n=\"\(name)\",le=\"1\"} \(first)\nh_bucket{n=\"\(name)\",le=\"2\"} \(all)\nh_bucket{n=\"\(name)\",le=\"+Inf\"} \(all)\n"
        }
        let samples = try MetricSamples(parsing: Array(text.joined().utf8))
        #expect(samples.histogram("h").quantile(0.6) == 1.5)
        #expect(samples.histogram("h") { $0["n"] == "a" }.quantile(0.5) == 0.5)
    }

    private static func bound(_ bound: Double) -> String { bound == .infinity ? "+Inf" : "\(bound)" }

    /// Runs a test of rules, with Debian's package prometheus.
    private func promtool(_ test: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "quantiles-\(UUID()).yaml")
        try Data(test.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["promtool", "test", "rules", file.path]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    }
}
