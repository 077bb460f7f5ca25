import Foundation
import GRDB

/// Comparison of product names: SQLite itself only folds ASCII, and does not normalize.
enum ProductName {
    /// Equal for names that differ only in case or Unicode normalization.
    static func key(_ name: String) -> String {
        normalized(normalized(name).lowercased())
    }

    fileprivate static func normalized(_ name: String) -> String {
        name.precomposedStringWithCanonicalMapping
    }
}

extension DatabaseFunction {
    /// `normalized(text)`: like PostgreSQL's `normalize`. No table, index or trigger uses it, so other programs can
    /// open the file.
    static let normalized = DatabaseFunction("normalized", argumentCount: 1, pure: true) { arguments in
        String.fromDatabaseValue(arguments[0]).map(ProductName.normalized)
    }
}
