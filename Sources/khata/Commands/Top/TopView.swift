import Foundation

/// What `khata top` shows: what is wrong, and tables of instances and lanes.
struct TopView {
    /// An instance, and what is known of it.
    struct Row {
        let name: String
        let state: Result<InstanceFigures, ScrapeFailure>
    }

    let rows: [Row]

    /// - Parameters:
    ///   - width: The columns of the terminal; the last columns of a table are left out if it is narrower, and long lines cut.
    ///   - height: Its lines.
    func lines(_ styling: Styling, width: Int = .max, height: Int = .max) -> [String] {
        let parts = [
            problems.map { styling.text($0.withoutControls.cut(to: width), .alarm) },
            table(of: instances, Self.golden, styling, width), table(of: instances, Self.cacheAndLag, styling, width),
            table(of: lanes, Self.lanes, styling, width),
        ]
        let lines = Array(parts.filter { !$0.isEmpty }.joined(separator: [""]))
        guard lines.count > height else { return lines }
        guard height > 0 else { return [] }
        return lines.prefix(height - 1) + ["… \(lines.count - height + 1) more lines".cut(to: width)]
    }

    /// Whether an instance is down.
    var isAnyDown: Bool { rows.contains { (try? $0.state.get()) == nil } }

    private typealias Instance = (name: String, figures: InstanceFigures)
    private typealias Lane = (instance: Instance, lane: String)

    private var instances: [Instance] { rows.compactMap { row in (try? row.state.get()).map { (row.name, $0) } } }

    private var lanes: [Lane] {
        instances.flatMap { instance in
            instance.figures.lanes.prefix(Self.maximumLanes).map { (instance, $0) }
        }
    }

    /// Of an instance.
    private static let maximumLanes = 16
    private static let maximumProblems = 10

    private var problems: [String] {
        rows.flatMap { row in
            switch row.state {
            case .failure(let failure): ["\(row.name) is down: \(failure.reason)"]
            case .success(let figures):
                figures.problems.prefix(Self.maximumProblems).map { component, status in
                    "\(row.name): \(component.cut(to: 40)) \(status >= 2 ? "fails" : "warns")"
                }
            }
        }
    }

    // Tables

    private struct Column<Row>: Sendable {
        let title: String
        var isText = false
        let cell: @Sendable (Row) -> Table.Cell
    }

    /// Traffic, errors, latency and saturation.
    private static let golden: [Column<Instance>] = [
        Column(title: "INSTANCE", isText: true) { Table.Cell($0.name) },
        Column(title: "REQ/S") { .number($0.figures.requestsPerSecond) },
        Column(title: "5XX %") { .number($0.figures.failedPercent, alarmAbove: 0) },
        Column(title: "P50 MS") { .milliseconds($0.figures.requestSeconds(0.5)) },
        Column(title: "P99 MS") { .milliseconds($0.figures.requestSeconds(0.99)) },
        Column(title: "IN FLIGHT") { .number($0.figures.requestsInFlight) },
        Column(title: "WAITING") { .number($0.figures.waiting) },
        Column(title: "CPU %") { .number($0.figures.processorPercent) },
        Column(title: "MOVES/S") { .number($0.figures.movementsPerSecond) },
        Column(title: "429/S") { .number($0.figures.limitedPerSecond) },
        Column(title: "MIB") { .number($0.figures.memoryMebibytes) },
    ]

    private static let cacheAndLag: [Column<Instance>] = [
        Column(title: "INSTANCE", isText: true) { Table.Cell($0.name) },
        Column(title: "CACHE", isText: true) { instance in
            let isTrusted = instance.figures.isCacheTrusted
            return Table.Cell(
                isTrusted.map { $0 ? "trusted" : "not trusted" } ?? "none", isTrusted == false ? .alarm : nil)
        },
        Column(title: "HIT %") { .number($0.figures.hitPercent) },
        Column(title: "REDIS P99 MS") { .milliseconds($0.figures.redisSeconds(0.99)) },
        Column(title: "REPLICAS", isText: true) { instance in
            guard let (count, used) = instance.figures.replicas else { return "none" }
            return Table.Cell("\(used) of \(count)", used < count ? .alarm : nil)
        },
        Column(title: "REPLICA MS") { .milliseconds($0.figures.replicaLag(in: "seconds")) },
        Column(title: "POSITIONS") { .number($0.figures.replicaLag(in: "items")) },
        Column(title: "RELAY") { .number($0.figures.observed("relay:backlog", in: "items")) },
        Column(title: "EVENTS") { .number($0.figures.observed("events:backlog", in: "items")) },
        Column(title: "WEBHOOKS") { .number($0.figures.observed("webhooks:backlog", in: "items")) },
        Column(title: "FILLS/S") { .number($0.figures.fillsPerSecond) },
    ]

    private static let lanes: [Column<Lane>] = [
        Column(title: "INSTANCE", isText: true) { Table.Cell($0.instance.name) },
        Column(title: "LANE", isText: true) { Table.Cell($0.lane.cut(to: 12)) },
        Column(title: "COMMITS/S") { .number($0.instance.figures.commitsPerSecond(in: $0.lane)) },
        Column(title: "PER COMMIT") { .number($0.instance.figures.commandsPerCommit(in: $0.lane)) },
        Column(title: "P99 MS") { .milliseconds($0.instance.figures.commitSeconds(0.99, in: $0.lane)) },
        Column(title: "WAITING") { .number($0.instance.figures.waiting(in: $0.lane)) },
        Column(title: "REFUSED/S") { .number($0.instance.figures.refusedPerSecond(in: $0.lane), alarmAbove: 0) },
    ]

    private func table<Row>(of rows: [Row], _ columns: [Column<Row>], _ styling: Styling, _ width: Int) -> [String] {
        let plain = Styling(isTerminal: false, environment: [:])
        // The last column that fits; at least one.
        for count in (1...columns.count).reversed() {
            let columns = columns.prefix(count)
            func lines(_ styling: Styling) -> [String] {
                var table = Table(
                    columns.map { $0.isText ? .text($0.title) : .number($0.title) }, styling: styling)
                return table.lines(rows.map { row in columns.map { $0.cell(row) } })
            }
            let unstyled = lines(plain)
            if unstyled.allSatisfy({ $0.columns <= width }) { return lines(styling) }
            if count == 1 { return unstyled.map { $0.cut(to: width) } }
        }
        return []
    }
}

extension Table.Cell {
    /// A number of a few digits; `-` if it is not known.
    fileprivate static func number(_ value: Double?, alarmAbove limit: Double = .infinity) -> Table.Cell {
        guard let value, value.isFinite else { return "-" }
        let text =
            switch value.magnitude {
            case 100_000_000...: String(format: "%.2g", value)
            case 10...: Int(value.rounded()).grouped
            default:
                value == value.rounded()
                    ? "\(Int(value))" : String(format: value.magnitude < 0.1 ? "%.2f" : "%.1f", value)
            }
        return Table.Cell(text, value > limit ? .alarm : nil)
    }

    fileprivate static func milliseconds(_ seconds: Double?) -> Table.Cell { .number(seconds.map { 1_000 * $0 }) }
}

extension String {
    /// The beginning that fits into a width, in terminal columns.
    func cut(to width: Int) -> String {
        guard columns > width else { return self }
        guard width > 1 else { return width == 1 ? "…" : "" }
        var (cut, used) = ("", 0)
        for character in self {
            used += character.columns
            guard used < width else { break }
            cut.append(character)
        }
        return cut + "…"
    }
}
