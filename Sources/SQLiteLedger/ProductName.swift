import Foundation
import GRDB

/// How products are found by name: SQLite itself folds the letters of ASCII only, and composes none.
enum ProductName {
    /// Equal for names that differ only in upper or lower case, or in how their letters are composed.
    static func key(_ name: String) -> String {
        normalized(normalized(name).lowercased())
    }

    fileprivate static func normalized(_ name: String) -> String {
        name.precomposedStringWithCanonicalMapping
    }
}

extension DatabaseFunction {
    /// `normalized(text)`: equal for texts that look the same, as `normalize` of PostgreSQL. No table, index or trigger
    /// uses it, so other programs can open the file.
    static let normalized = DatabaseFunction("normalized", argumentCount: 1, pure: true) { arguments in
        String.fromDatabaseValue(arguments[0]).map(ProductName.normalized)
    }
}
