import Prometheus

@testable import khata

extension FuzzTarget {
    /// What somebody answers to `khata top`, which has to fit into the terminal and must not steer it.
    static let metrics = FuzzTarget("metrics") { bytes in
        let samples = try MetricSamples(parsing: bytes)
        let start = ContinuousClock.now
        let figures = InstanceFigures(
            Scrape(samples: samples, at: start + .seconds(1)), since: Scrape(samples: samples, at: start))
        let view = TopView(rows: [.init(name: "instance", state: .success(figures))])
        for width in [1, 20, 80] {
            let lines = view.lines(Styling(isTerminal: false, environment: [:]), width: width, height: 24)
            try require(lines.count <= 24 && lines.allSatisfy { $0.columns <= width }, "it does not fit")
            try require(lines.allSatisfy { $0 == $0.withoutControls }, "a control character is left")
        }
    }
}
