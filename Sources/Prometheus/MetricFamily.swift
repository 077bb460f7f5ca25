internal import Synchronization

/// What a metric family is, for its exposition and for the documentation.
public struct MetricDeclaration: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// As it is exposed: a counter's ends in `_total`.
    public let name: String
    public let kind: Kind
    public let labels: [String]
    /// A sentence without its full stop.
    public let help: String
    let shape: InstrumentShape
}

/// A metric: one instrument for each combination of its labels' values.
///
/// Whoever updates an instrument often keeps it, because looking it up takes a lock. The values of labels come from closed
/// sets; should one not, the family stops growing at `maximumSeries`, and what is beyond counts for the value `other`.
public final class MetricFamily<Kind: Instrument>: Sendable {
    static var maximumSeries: Int { 2_000 }

    let declaration: MetricDeclaration
    private let instruments = Mutex<[[String]: Kind]>([:])

    init(_ declaration: MetricDeclaration) {
        self.declaration = declaration
    }

    /// - Parameter values: One for each label, in the order of the declaration.
    public subscript(_ values: String...) -> Kind {
        instrument(values)
    }

    func instrument(_ values: [String]) -> Kind {
        precondition(values.count == declaration.labels.count, "\(declaration.name) has \(declaration.labels)")
        return instruments.withLock { instruments in
            if let instrument = instruments[values] { return instrument }
            let values = instruments.count < Self.maximumSeries ? values : values.map { _ in "other" }
            if let instrument = instruments[values] { return instrument }
            let instrument = Kind(declaration.shape)
            instruments[values] = instrument
            return instrument
        }
    }

    /// Gives the metric exactly these series, with one label: those that are gone are not exposed any more.
    public func replace(_ values: [String: Double]) where Kind == Gauge {
        let replacement = values.prefix(Self.maximumSeries).map { label, value in
            let gauge = Gauge(declaration.shape)
            gauge.set(value)
            return ([label], gauge)
        }
        instruments.withLock { $0 = Dictionary(uniqueKeysWithValues: replacement) }
    }

    /// In the order of the labels' values.
    var series: [(values: [String], instrument: Kind)] {
        instruments.withLock { instruments in instruments.map { ($0.key, $0.value) } }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }
}
