/// One SQL statement, prepared once per connection under its name.
///
/// Parameters are sent in binary, so SQL must state the type wherever the context does not: `$1::bigint[]`. Statements
/// are meant to be `static let`s: a connection never deallocates one.
public struct Statement: Sendable {
    public let name: String
    public let sql: String
    /// The first word of the SQL in lowercase; empty if it does not begin with one.
    private let keyword: String

    /// - Parameters:
    ///   - name: Unique among the statements of a connection; 1 to 63 bytes, PostgreSQL's limit.
    ///   - sql: A single statement with parameters `$1`, `$2`, ….
    public init(_ name: String, _ sql: String) {
        precondition((1...63).contains(name.utf8.count), "a statement's name has 1 to 63 bytes: \"\(name)\"")
        self.name = name
        self.sql = sql
        keyword = Self.leadingKeyword(of: sql)
    }

    var opensTransaction: Bool { keyword == "begin" || keyword == "start" }
    var commits: Bool { keyword == "commit" || keyword == "end" }
    /// Whether this may end a transaction. True if in doubt: see ``PostgresError/Outcome/unknown``.
    var mayEndTransaction: Bool { commits || ["", "rollback", "abort", "prepare"].contains(keyword) }

    /// Whether it only opens or ends a transaction.
    var isOfTransaction: Bool { opensTransaction || commits || keyword == "rollback" }

    public static let begin = Statement("begin", "BEGIN")
    public static let beginSnapshot = Statement("begin_snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    public static let commit = Statement("commit", "COMMIT")
    public static let rollback = Statement("rollback", "ROLLBACK")

    /// Skips white space and `--` comments.
    private static func leadingKeyword(of sql: String) -> String {
        var rest = sql[...].drop(while: \.isWhitespace)
        while rest.hasPrefix("--") {
            rest = rest.drop { !$0.isNewline }.drop(while: \.isWhitespace)
        }
        return rest.prefix(while: \.isLetter).lowercased()
    }
}

/// Equal by name and text; hashed by name only, because the text is long and names are unique.
extension Statement: Hashable {
    public static func == (a: Statement, b: Statement) -> Bool { a.name == b.name && a.sql == b.sql }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A statement with the values of its parameters.
public struct Query: Sendable {
    public var statement: Statement
    public var parameters: [Parameter]

    public init(_ statement: Statement, _ parameters: Parameter...) {
        self.init(statement, parameters)
    }

    public init(_ statement: Statement, _ parameters: [Parameter]) {
        precondition(parameters.count <= Int(UInt16.max), "\(statement.name) has more than 65,535 parameters")
        self.statement = statement
        self.parameters = parameters
    }
}
