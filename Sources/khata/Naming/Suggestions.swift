import Foundation
import Inventory

/// The products with the names closest to a text that matches none.
struct Suggestions {
    private let typed: [Character]
    private let wordCount: Int
    private var found: [(product: Product, score: Score)] = []

    static let maximum = 5

    init(for text: String) {
        let words = text.folded.split(separator: " ")
        typed = Array(words.joined(separator: " "))
        wordCount = words.count
    }

    /// Best first.
    var products: [Product] { found.map(\.product) }

    mutating func consider(_ product: Product) {
        guard let score = score(product) else { return }
        let index = found.firstIndex { score < $0.score } ?? found.endIndex
        guard index < Self.maximum else { return }
        found.insert((product, score), at: index)
        if found.count > Self.maximum { found.removeLast() }
    }

    /// Fewer edits first; then the name that was typed almost completely, then the shorter one.
    private struct Score: Comparable {
        let edits: Int
        let isPart: Int
        let length: Int

        static func < (lhs: Score, rhs: Score) -> Bool {
            (lhs.edits, lhs.isPart, lhs.length) < (rhs.edits, rhs.isPart, rhs.length)
        }
    }

    /// A third of the text may be wrong.
    private func score(_ product: Product) -> Score? {
        guard !typed.isEmpty else { return nil }
        let limit = (typed.count + 2) / 3
        return ([product.details.name] + [product.details.sku].compactMap(\.self)).compactMap { name in
            let words = name.folded.split(separator: " ")
            let whole = Array(words.joined(separator: " "))
            if let edits = editDistance(typed, whole, atMost: limit) {
                return Score(edits: edits, isPart: 0, length: whole.count)
            }
            if whole.contains(typed) { return Score(edits: 0, isPart: 1, length: whole.count) }
            // "sugr" is close to the first word of "Sugar 1kg".
            let parts = (0..<max(0, words.count - wordCount + 1)).compactMap { start in
                editDistance(
                    typed, Array(words[start..<(start + wordCount)].joined(separator: " ")), atMost: limit)
            }
            return parts.min().map { Score(edits: $0, isPart: 1, length: whole.count) }
        }.min()
    }
}

extension String {
    /// Folds case, accents and the width of letters, for comparing names.
    var folded: String {
        folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    }
}
