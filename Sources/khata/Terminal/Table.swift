/// Rows in aligned columns. Rows may be added in parts: columns widen if a later part needs it.
struct Table {
    struct Column {
        let title: String
        let isNumber: Bool

        static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    struct Cell: ExpressibleByStringLiteral {
        let text: String
        var style: Style?

        init(_ text: String?, _ style: Style? = nil) {
            self.text = (text ?? "").withoutControls
            self.style = style
        }

        init(stringLiteral text: String) { self.init(text) }

        /// A number in groups of three digits.
        static func amount(_ number: Int64) -> Cell { Cell(Int(number).grouped) }
    }

    private let columns: [Column]
    private let styling: Styling
    private var widths: [Int]
    private var isBegun = false

    init(_ columns: [Column], styling: Styling) {
        self.columns = columns
        self.styling = styling
        widths = columns.map(\.title.columns)
    }

    /// The lines of the next rows, preceded by the titles the first time.
    mutating func lines(_ rows: [[Cell]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.columns) }
        }
        let titles = isBegun ? [] : [columns.map { Cell($0.title, .heading) }]
        isBegun = true
        return (titles + rows).map(line)
    }

    private func line(_ row: [Cell]) -> String {
        var line = ""
        for (index, cell) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - cell.text.columns)
            let text = styling.text(cell.text, cell.style)
            if index > 0 { line += "  " }
            if columns[index].isNumber {
                line += padding + text
            } else {
                line += text + padding
            }
        }
        // No trailing spaces.
        return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
    }
}
