import Testing

@testable import Prometheus

@Suite struct ExpositionTests {
    private let registry = MetricRegistry()

    private func text(_ format: ExpositionFormat = .text) -> String {
        String(decoding: registry.exposition(format), as: UTF8.self)
    }

    @Test("a counter, a gauge and a histogram are written with help, type and labels")
    func kinds() {
        let sold = registry.counter("shop_sold_total", labels: ["store", "kind"], "Units sold")
        let open = registry.gauge("shop_open", "Whether the shop is open")
        let waits = registry.durations("shop_wait_seconds", seconds: [0.1, 1], "How long customers wait")
        sold["1", "tea"].add(2)
        sold["1", "tea"].add()
        open[].set(1)
        waits[].observe(.milliseconds(100))
        waits[].observe(.milliseconds(101))
        waits[].observe(.seconds(2))
        #expect(
            text() == """
                # HELP shop_sold_total Units sold.
                # TYPE shop_sold_total counter
                shop_sold_total{store="1",kind="tea"} 3
                # HELP shop_open Whether the shop is open.
                # TYPE shop_open gauge
                shop_open 1
                # HELP shop_wait_seconds How long customers wait.
                # TYPE shop_wait_seconds histogram
                shop_wait_seconds_bucket{le="0.1"} 1
                shop_wait_seconds_bucket{le="1.0"} 2
                shop_wait_seconds_bucket{le="+Inf"} 3
                shop_wait_seconds_sum 2.201
                shop_wait_seconds_count 3

                """)
    }

    @Test("OpenMetrics names counters without their suffix, and ends with EOF")
    func openMetrics() {
        registry.counter("shop_sold_total", "Units \"sold\"")[].add(7)
        #expect(
            text(.openMetrics) == """
                # HELP shop_sold Units \\"sold\\".
                # TYPE shop_sold counter
                shop_sold_total 7
                # EOF

                """)
    }

    @Test("a label's value cannot end its line or its quotation marks")
    func escaping() {
        registry.gauge("shop_open", labels: ["name"], "Whether it is open")["a\"b\\c\nd"].set(0.5)
        #expect(text().contains(#"shop_open{name="a\"b\\c\nd"} 0.5"# + "\n"))
    }

    @Test("the buckets of the default latencies have their short decimal numbers as bounds")
    func bounds() {
        registry.durations("shop_wait_seconds", "Waits")[].observe(.zero)
        let bounds = text().matches(of: /le="([^"]*)"/).map { String($0.output.1) }
        #expect(bounds == MetricRegistry.latencies.map { "\($0)" } + ["+Inf"])
    }

    @Test("a family with labels that are not from a closed set stops growing")
    func limit() {
        let family = registry.counter("shop_sold_total", labels: ["store"], "Units sold")
        for store in 0..<3_000 { family["\(store)"].add() }
        #expect(family.series.count == MetricFamily<Counter>.maximumSeries + 1)
        #expect(family["other"].value == 1_000)
    }

    @Test("collectors update what is exposed")
    func collectors() {
        let depth = registry.gauge("shop_queue", "Customers who wait")
        registry.collect { depth[].set(4) }
        #expect(text().contains("shop_queue 4\n"))
    }

    @Test("no update is lost however many threads count")
    func concurrency() async {
        let waits = registry.durations("shop_wait_seconds", "Waits")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { waits[].observe(.microseconds(1)) } }
            }
        }
        let (buckets, sum) = waits[].values
        #expect(buckets[0] == 80_000 && sum == 80_000_000)
    }

    @Test("the process has CPU time, memory and open files")
    func process() throws {
        registry.observeProcess()
        let text = text()
        for name in ["process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_start_time_seconds"] {
            #expect(text.contains("\n\(name) "), "\(name)")
        }
        let memory = try #require(text.firstMatch(of: /\nprocess_resident_memory_bytes ([0-9]+)\n/))
        #expect(try #require(Int(memory.output.1)) > 1 << 20)
    }
}
