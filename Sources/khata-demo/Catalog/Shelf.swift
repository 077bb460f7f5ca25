/// A part of the demo's catalog, as a table with a row for each kind of goods:
/// `unit | name | varieties | sizes | demand`.
///
/// A row stands for each of its varieties in each of its sizes. The `*` in the name is where the variety goes. Demand
/// runs from 1, which need not be said, to 9 for what every household buys.
struct Shelf {
    let category: String
    /// The first part of the SKU.
    let code: String
    /// Supplied every day, and soon spoilt.
    var isFresh = false
    let rows: String

    static let all = food + treats + household
}

extension Shelf {
    struct Goods {
        let unit: String
        let name: String
        let demand: Double
    }

    var goods: [Goods] {
        rows.split(separator: "\n").flatMap { row -> [Goods] in
            let columns = row.split(separator: "|", omittingEmptySubsequences: false).map(Self.trimmed)
            let demand = columns.count > 4 ? Double(columns[4]) : 1
            guard columns.count >= 4, let demand else { preconditionFailure("not a row of a shelf: \(row)") }
            let (varieties, sizes) = (Self.list(columns[2]), Self.list(columns[3]))
            return varieties.flatMap { variety in
                let name = columns[1].split(separator: "*", omittingEmptySubsequences: false)
                    .joined(separator: variety)
                return sizes.map { size in
                    Goods(unit: columns[0], name: size.isEmpty ? name : "\(name) \(size)", demand: demand)
                }
            }
        }
    }

    /// At least one element: an empty column is one empty text.
    private static func list(_ column: String) -> [String] {
        column.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
