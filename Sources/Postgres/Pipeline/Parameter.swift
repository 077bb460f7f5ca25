/// A value for a statement's `$n`. The scalars take optionals; `nil` is SQL's NULL.
public struct Parameter: Sendable {
    enum Value: Sendable {
        case null
        case bool(Bool)
        case int64(Int64)
        case text(String)
        case bytes([UInt8])
        case timestamp(Int64)
        case bools([Bool])
        case int64s([Int64])
        case optionalInt64s([Int64?])
        case texts([String])
        case optionalTexts([String?])
        case byteArrays([[UInt8]])
        case optionalByteArrays([[UInt8]?])
        case timestamps([Int64])
        case optionalTimestamps([Int64?])
    }

    let value: Value

    public static let null = Parameter(value: .null)

    /// A `boolean`.
    public static func bool(_ value: Bool?) -> Parameter { Parameter(value) { .bool($0) } }
    /// A `bigint`.
    public static func int64(_ value: Int64?) -> Parameter { Parameter(value) { .int64($0) } }
    /// A `text`. The server refuses one that contains U+0000.
    public static func text(_ value: String?) -> Parameter { Parameter(value) { .text($0) } }
    /// A `bytea`.
    public static func bytes(_ value: [UInt8]?) -> Parameter { Parameter(value) { .bytes($0) } }
    /// A `timestamptz`, in microseconds since 1970-01-01 UTC. `Int64.max` and `.min` are `infinity` and `-infinity`.
    public static func timestamp(_ microseconds: Int64?) -> Parameter { Parameter(microseconds) { .timestamp($0) } }

    /// A `boolean[]`.
    public static func bools(_ values: [Bool]) -> Parameter { Parameter(value: .bools(values)) }
    /// A `bigint[]`.
    public static func int64s(_ values: [Int64]) -> Parameter { Parameter(value: .int64s(values)) }
    /// A `bigint[]` with NULLs.
    public static func int64s(_ values: [Int64?]) -> Parameter { Parameter(value: .optionalInt64s(values)) }
    /// A `text[]`.
    public static func texts(_ values: [String]) -> Parameter { Parameter(value: .texts(values)) }
    /// A `text[]` with NULLs.
    public static func texts(_ values: [String?]) -> Parameter { Parameter(value: .optionalTexts(values)) }
    /// A `bytea[]`.
    public static func byteArrays(_ values: [[UInt8]]) -> Parameter { Parameter(value: .byteArrays(values)) }
    /// A `bytea[]` with NULLs.
    public static func byteArrays(_ values: [[UInt8]?]) -> Parameter { Parameter(value: .optionalByteArrays(values)) }
    /// A `timestamptz[]`, each as in ``timestamp(_:)``.
    public static func timestamps(_ values: [Int64]) -> Parameter { Parameter(value: .timestamps(values)) }
    /// A `timestamptz[]` with NULLs.
    public static func timestamps(_ values: [Int64?]) -> Parameter { Parameter(value: .optionalTimestamps(values)) }
}

extension Parameter {
    private init<T>(_ value: T?, _ wrap: (T) -> Value) {
        self.init(value: value.map(wrap) ?? .null)
    }
}
