internal import Synchronization

/// The metrics of a process, each declared once, in the order in which they are exposed.
public final class MetricRegistry: Sendable {
    private struct State {
        var families: [(declaration: MetricDeclaration, write: @Sendable (inout Exposition) -> Void)] = []
        var collectors: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    public func counter(_ name: String, labels: [String] = [], _ help: String) -> MetricFamily<Counter> {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total")
        return add(MetricDeclaration(name: name, kind: .counter, labels: labels, help: help, shape: InstrumentShape()))
        {
            $0.append($1, $2.value)
        }
    }

    /// A counter of seconds, which counts microseconds.
    public func secondsCounter(_ name: String, labels: [String] = [], _ help: String) -> MetricFamily<Counter> {
        let shape = InstrumentShape(perUnit: 1e6)
        return add(MetricDeclaration(name: name, kind: .counter, labels: labels, help: help, shape: shape)) {
            $0.append($1, Double($2.value) / shape.perUnit)
        }
    }

    public func gauge(_ name: String, labels: [String] = [], _ help: String) -> MetricFamily<Gauge> {
        add(MetricDeclaration(name: name, kind: .gauge, labels: labels, help: help, shape: InstrumentShape())) {
            $0.append($1, $2.value)
        }
    }

    /// A histogram of numbers.
    public func histogram(
        _ name: String, labels: [String] = [], bounds: [Int], _ help: String
    ) -> MetricFamily<Histogram> {
        histogram(name, labels, InstrumentShape(bounds: bounds), help)
    }

    /// A histogram of durations.
    /// - Parameters:
    ///   - seconds: The upper bounds of the buckets.
    ///   - hidesUnused: Whether series without values are left out: for those that are made before there are any.
    public func durations(
        _ name: String, labels: [String] = [], seconds: [Double] = latencies, hidesUnused: Bool = false, _ help: String
    ) -> MetricFamily<Histogram> {
        let bounds = seconds.map { Int(($0 * 1e9).rounded()) }
        return histogram(
            name, labels, InstrumentShape(perUnit: 1e9, bounds: bounds, hidesUnused: hidesUnused), help)
    }

    /// From what a cached read takes to what a client gives up at.
    public static let latencies = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    /// Calls back before each exposition, to update what is not counted as it happens. Must not wait for anything.
    public func collect(_ collector: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(collector) }
    }

    public var declarations: [MetricDeclaration] { state.withLock { $0.families.map(\.declaration) } }

    /// All metrics. Takes milliseconds if there are thousands, so not for an event loop.
    public func exposition(_ format: ExpositionFormat) -> [UInt8] {
        let state = state.withLock { $0 }
        for collector in state.collectors { collector() }
        var exposition = Exposition(format: format)
        for family in state.families { family.write(&exposition) }
        return exposition.finished()
    }

    private func histogram(
        _ name: String, _ labels: [String], _ shape: InstrumentShape, _ help: String
    ) -> MetricFamily<Histogram> {
        add(MetricDeclaration(name: name, kind: .histogram, labels: labels, help: help, shape: shape)) {
            if !$2.isHidden { $0.append($1, $2) }
        }
    }

    private func add<Kind>(
        _ declaration: MetricDeclaration,
        _ write: @escaping @Sendable (inout Exposition, SeriesName, Kind) -> Void
    ) -> MetricFamily<Kind> {
        let family = MetricFamily<Kind>(declaration)
        state.withLock { state in
            precondition(
                !state.families.contains { $0.declaration.name == declaration.name }, "\(declaration.name) exists")
            state.families.append(
                (
                    declaration,
                    { exposition in
                        let series = family.series
                        guard !series.isEmpty else { return }
                        exposition.begin(declaration)
                        for (values, instrument) in series {
                            write(&exposition, SeriesName(declaration, values), instrument)
                        }
                    }
                ))
        }
        return family
    }
}
