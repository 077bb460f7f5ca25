import Configuration
import Inventory
import Logging

/// A setting, declared once: reading, `khata config show`, config/khata.yaml and suggestions for mistyped names derive
/// from this. The default is that of its property.
struct Setting: Sendable {
    /// Such as `write.lanes`: `lanes` under `write` in the file, KHATA_WRITE_LANES in the environment.
    let key: String
    /// The comment above it in the file.
    let text: String
    /// Shown commented out in the file if there is no default, or if it depends on the machine.
    let example: String?
    /// It may also be in a file, named by KHATA_PRIMARY_URL_FILE or `primary.url_file`.
    let isSecret: Bool
    let type: ConfigType
    /// The expected value, such as "an integer from 1 to 64".
    let expectation: String
    /// The effective value, redacted if secret; `nil` if there is none.
    let value: @Sendable (Settings) throws(SettingsError) -> String?
    private let set: @Sendable (inout Settings, ConfigContent) -> Bool

    /// - Parameters:
    ///   - range: Of a number.
    ///   - secret: Redacts a secret.
    init<Value: SettingValue>(
        _ key: String, _ property: any WritableKeyPath<Settings, Value> & Sendable, in range: ClosedRange<Int>? = nil,
        example: String? = nil, secret: (@Sendable (String) throws(SettingsError) -> String)? = nil, _ text: String = ""
    ) {
        self.key = key
        self.text = text
        self.example = example
        isSecret = secret != nil
        type = Value.type
        expectation = range.map { "an integer from \($0.lowerBound) to \($0.upperBound)" } ?? Value.expectation
        value = { settings throws(SettingsError) in
            guard let text = settings[keyPath: property].settingText, let secret else {
                return settings[keyPath: property].settingText
            }
            return try secret(text)
        }
        set = { settings, content in
            if let range, case .int(let number) = content, !range.contains(number) { return false }
            guard let value = Value(content) else { return false }
            settings[keyPath: property] = value
            return true
        }
    }

    /// - Throws: `SettingsError`, if the source has an invalid value.
    func read(from source: SettingsSource, into settings: inout Settings) throws(SettingsError) {
        guard let found = try source.find(self) else { return }
        guard let content = found.content, set(&settings, content) else {
            let shown = isSecret ? "a list" : "\"\(found.text)\""
            throw SettingsError("\(key) is \(shown), from \(found.origin): it has to be \(expectation)")
        }
    }

    /// Such as KHATA_WRITE_LANES.
    static func variable(_ key: String) -> String { "KHATA_" + key.uppercased().replacing(".", with: "_") }

    static let hidden: @Sendable (String) throws(SettingsError) -> String = { _ in "(hidden)" }
}

/// Builds the list of settings of a declaration.
@resultBuilder
enum SettingsBuilder {
    static func buildExpression(_ setting: Setting) -> [Setting] { [setting] }
    static func buildBlock(_ settings: [Setting]...) -> [Setting] { settings.flatMap(\.self) }
    static func buildArray(_ settings: [[Setting]]) -> [Setting] { settings.flatMap(\.self) }
}

/// A type of setting.
protocol SettingValue: Sendable {
    static var type: ConfigType { get }
    static var expectation: String { get }
    init?(_ content: ConfigContent)
    /// Formatted as in the file.
    var settingText: String? { get }
}

extension SettingValue where Self: BinaryInteger {
    static var type: ConfigType { .int }
    static var expectation: String { "an integer" }
    init?(_ content: ConfigContent) {
        guard case .int(let number) = content else { return nil }
        self.init(exactly: number)
    }
    var settingText: String? { "\(self)" }
}

extension SettingValue where Self: RawRepresentable, RawValue: SettingValue {
    static var type: ConfigType { RawValue.type }
    static var expectation: String { RawValue.expectation }
    init?(_ content: ConfigContent) {
        guard let value = RawValue(content) else { return nil }
        self.init(rawValue: value)
    }
    var settingText: String? { rawValue.settingText }
}

extension SettingValue where Self: RawRepresentable<String> & CaseIterable {
    static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
}

extension Int: SettingValue {}
extension Int64: SettingValue {}
extension StoreID: SettingValue {}
extension Logger.Level: SettingValue {}

/// In whole seconds.
extension Duration: SettingValue {
    static var type: ConfigType { Int64.type }
    static var expectation: String { Int64.expectation }
    init?(_ content: ConfigContent) {
        guard let seconds = Int64(content) else { return nil }
        self = .seconds(seconds)
    }
    var settingText: String? { components.seconds.settingText }
}

extension Bool: SettingValue {
    static var type: ConfigType { .bool }
    static var expectation: String { "true or false" }
    init?(_ content: ConfigContent) {
        guard case .bool(let flag) = content else { return nil }
        self = flag
    }
    var settingText: String? { description }
}

extension String: SettingValue {
    static var type: ConfigType { .string }
    static var expectation: String { "a text" }
    init?(_ content: ConfigContent) {
        guard case .string(let text) = content else { return nil }
        self = text
    }
    var settingText: String? { self }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    static var type: ConfigType { Wrapped.type }
    static var expectation: String { Wrapped.expectation }
    init?(_ content: ConfigContent) {
        guard let value = Wrapped(content) else { return nil }
        self = .some(value)
    }
    var settingText: String? { flatMap(\.settingText) }
}
