/// The two text formats that Prometheus reads.
public enum ExpositionFormat: Sendable {
    /// Version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
    case text
    /// OpenMetrics 1.0 (https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).
    case openMetrics
}

/// A metric's name, and its labels as they are written.
struct SeriesName {
    let name: String
    /// Such as `route="/stores",status="200"`.
    let labels: String

    init(_ declaration: MetricDeclaration, _ values: [String]) {
        name = declaration.name
        labels = zip(declaration.labels, values).map { #"\#($0)="\#($1.escaped(quotes: true))""# }.joined(
            separator: ",")
    }
}

/// Metrics as text.
struct Exposition {
    let format: ExpositionFormat
    private var text: [UInt8] = []

    init(format: ExpositionFormat) {
        self.format = format
        text.reserveCapacity(1 << 16)
    }

    mutating func begin(_ declaration: MetricDeclaration) {
        // OpenMetrics names a counter without the suffix of its samples.
        let name =
            format == .openMetrics && declaration.kind == .counter
            ? String(declaration.name.dropLast("_total".count)) : declaration.name
        write("# HELP \(name) \(declaration.help.escaped(quotes: format == .openMetrics)).\n")
        write("# TYPE \(name) \(declaration.kind.rawValue)\n")
    }

    mutating func append(_ series: SeriesName, _ value: Int) {
        sample(series.name, "", series.labels, "\(value)")
    }

    mutating func append(_ series: SeriesName, _ value: Double) {
        // Large numbers of bytes are easier to read without an exponent.
        let text = value.magnitude < 1e15 && value == value.rounded() ? "\(Int(value))" : value.exposed
        sample(series.name, "", series.labels, text)
    }

    mutating func append(_ series: SeriesName, _ histogram: Histogram) {
        let (buckets, sum) = histogram.values
        let perUnit = histogram.perUnit
        var count = 0
        for (index, number) in buckets.enumerated() {
            count += number
            let bound = index < histogram.bounds.count ? "\(Double(histogram.bounds[index]) / perUnit)" : "+Inf"
            let separator = series.labels.isEmpty ? "" : ","
            sample(series.name, "_bucket", "\(series.labels)\(separator)le=\"\(bound)\"", "\(count)")
        }
        sample(series.name, "_sum", series.labels, perUnit == 1 ? "\(sum)" : (Double(sum) / perUnit).exposed)
        sample(series.name, "_count", series.labels, "\(count)")
    }

    consuming func finished() -> [UInt8] {
        if format == .openMetrics { write("# EOF\n") }
        return text
    }

    private mutating func sample(_ name: String, _ suffix: String, _ labels: String, _ value: String) {
        write(name)
        write(suffix)
        if !labels.isEmpty {
            write("{")
            write(labels)
            write("}")
        }
        write(" ")
        write(value)
        write("\n")
    }

    private mutating func write(_ string: String) {
        text.append(contentsOf: string.utf8)
    }
}

extension Double {
    fileprivate var exposed: String {
        if isNaN { return "NaN" }
        if isInfinite { return self > 0 ? "+Inf" : "-Inf" }
        return description
    }
}

extension String {
    /// As in both formats: a backslash, a line break and, in a label's value, a quotation mark cannot stand for themselves.
    fileprivate func escaped(quotes: Bool) -> String {
        guard utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"") })
        else { return self }
        let text = replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? text.replacing("\"", with: "\\\"") : text
    }
}
