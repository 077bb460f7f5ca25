import Foundation
import Prometheus
import Testing

@Suite struct MetricSamplesTests {
    private func samples(_ text: String) throws -> MetricSamples {
        try MetricSamples(parsing: Array(text.utf8))
    }

    @Test("what is exposed is read back, whatever is in a label")
    func roundTrip() throws {
        let registry = MetricRegistry()
        let label = "a\"b\\c\nd{},= چائے"
        registry.counter("shop_sold_total", labels: ["store", "kind"], "Units \\ \"sold\"")["1", label].add(3)
        registry.gauge("shop_open", "Whether it is open")[].set(0.5)
        registry.gauge("shop_age_seconds", "Since when")[].set(.nan)
        registry.durations("shop_wait_seconds", seconds: [0.1, 1], "Waits")[].observe(.milliseconds(200))
        let samples = try MetricSamples(parsing: registry.exposition(.text))
        #expect(samples["shop_sold_total"] == [["store": "1", "kind": label]: 3])
        #expect(samples.sum("shop_open") == 0.5)
        #expect(samples.sum("shop_age_seconds")?.isNaN == true)
        #expect(samples["shop_wait_seconds_bucket"] == [["le": "0.1"]: 0, ["le": "1.0"]: 1, ["le": "+Inf"]: 1])
        #expect(samples.sum("shop_wait_seconds_sum") == 0.2)
        #expect(samples.sum("shop_closed") == nil)
    }

    @Test("what the format allows besides is read: spaces, times, commas at the end, comments, empty lines")
    func leniency() throws {
        let samples = try samples(
            "\n# a comment {\n#\n a_b:c\t{ x = \"1\" , y=\"2\",}  1e3  1700000000000\nup -Inf\n\nnone{} 7")
        #expect(samples["a_b:c"] == [["x": "1", "y": "2"]: 1_000])
        #expect(samples.sum("up") == -.infinity)
        #expect(samples.sum("none") == 7)
    }

    @Test(
        "what is no sample is refused, with its line",
        arguments: [
            "up", "up one", "up 0x10", "up inf inity", "up 1 2 3", "up 1 now", "1up 1", "{a=\"b\"} 1", "up{a} 1",
            "up{a=b} 1", "up{a=\"b} 1", "up{a=\"b\" c=\"d\"} 1", "up{a=\"\\x\"} 1", "up{a=\"1\",a=\"2\"} 1",
            "up{a=\"b\"",
            "<html>", "{\"status\":\"pass\"}", "up{,} 1", "\u{0}",
        ])
    func refused(line: String) {
        let error = #expect(throws: MetricSyntaxError.self) { try samples("up 1\n" + line + "\nup 2\n") }
        #expect(error?.line == 2)
    }

    @Test("there is a limit of samples")
    func limit() throws {
        let text = (0...MetricSamples.maximumSamples).map { "up{n=\"\($0)\"} 1\n" }
        #expect(try samples(text.dropLast().joined())["up"].count == MetricSamples.maximumSamples)
        let error = #expect(throws: MetricSyntaxError.self) { try samples(text.joined()) }
        #expect(error?.description == "line 50001: there are more than 50000 samples")
    }

    @Test("sums and increases are those of the samples that match; a counter that fell has begun anew")
    func increases() throws {
        let before = try samples("sold{s=\"1\"} 10\nsold{s=\"2\"} 4\nsold{s=\"3\"} 9\ngone 5")
        let after = try samples("sold{s=\"1\"} 12\nsold{s=\"2\"} 3\nsold{s=\"4\"} 7")
        let increases = after.increases(since: before)
        #expect(increases["sold"] == [["s": "1"]: 2, ["s": "2"]: 3, ["s": "4"]: 7])
        #expect(increases.sum("sold") { $0["s"] != "4" } == 5)
        #expect(increases.sum("sold") { $0["s"] == "3" } == nil)
        #expect(increases["gone"].isEmpty)
    }
}
