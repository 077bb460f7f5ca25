import ArgumentParser
import Configuration
import Foundation
import SystemPackage
import Yams

/// The sources of settings: flags override the environment, which overrides a file.
struct SettingsSource {
    static let defaultFile = "config/khata.yaml"

    /// The value of a setting, and its origin.
    struct Found {
        /// `nil` if it has the wrong type.
        let content: ConfigContent?
        let text: String
        /// Such as "KHATA_WRITE_LANES", or the path of a file.
        let origin: String
    }

    /// Without a name: the environment.
    private let providers: [(name: String?, provider: any ConfigProvider)]

    /// - Parameters:
    ///   - flags: Values from the command line, by the settings' keys.
    ///   - file: A file that must exist; without one, `config/khata.yaml` is read if it exists.
    init(flags: [String: String], file: String?) async throws(SettingsError) {
        precondition(flags.keys.allSatisfy { key in Settings.all.contains { $0.key == key } }, "a flag sets a setting")
        let path = file ?? Self.defaultFile
        // Texts, as in the environment.
        let flags = Dictionary(uniqueKeysWithValues: flags.map { (Setting.variable($0), $1) })
        do {
            if file != nil || FileManager.default.fileExists(atPath: path) {
                try Self.refuseUnknownKeys(path)
            }
            providers = [
                ("a flag", EnvironmentVariablesProvider(environmentVariables: flags).prefixKeys(with: "khata")),
                (nil, EnvironmentVariablesProvider().prefixKeys(with: "khata")),
                (path, try await FileProvider<YAMLSnapshot>(filePath: FilePath(path), allowMissing: file == nil)),
            ]
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("\(path) cannot be read: \(error)")
        }
        try Self.refuseUnknownVariables()
    }

    /// - Returns: `nil` if it is not set.
    func find(_ setting: Setting) throws(SettingsError) -> Found? {
        for (name, provider) in providers {
            if let found = Self.find(setting.key, setting.type, in: provider, name) { return found }
            guard setting.isSecret, let file = Self.find(setting.key + "_file", .string, in: provider, name) else {
                continue
            }
            do {
                let text = try String(contentsOfFile: file.text, encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                return Found(content: .string(text), text: text, origin: file.text)
            } catch {
                throw SettingsError("\(file.text), which \(file.origin) names for \(setting.key), cannot be read")
            }
        }
        return nil
    }

    /// The files of secrets that are set.
    var secretFiles: [String] {
        Settings.all.filter(\.isSecret).compactMap { setting in
            for (name, provider) in providers {
                if let file = Self.find(setting.key + "_file", .string, in: provider, name) { return file.text }
            }
            return nil
        }
    }

    func has(_ key: String) -> Bool {
        providers.contains { Self.find(key, .string, in: $0.provider, $0.name) != nil }
    }

    private static func find(
        _ name: String, _ type: ConfigType, in provider: any ConfigProvider, _ providerName: String?
    ) -> Found? {
        let key = AbsoluteConfigKey(name.split(separator: ".").map(String.init))
        let origin = providerName ?? Setting.variable(name)
        do {
            guard case .string(let text)? = try provider.value(forKey: key, type: .string).value?.content else {
                return nil
            }
            let content = try? provider.value(forKey: key, type: type).value?.content
            return Found(content: content, text: text, origin: origin)
        } catch {
            return Found(content: nil, text: "a list", origin: origin)
        }
    }
}

/// A mistyped setting would otherwise have no effect.
extension SettingsSource {
    private static let keys = Settings.all.flatMap { $0.isSecret ? [$0.key, $0.key + "_file"] : [$0.key] }

    private static func refuseUnknownKeys(_ path: String) throws {
        func check(_ node: Any?, under prefix: String) throws(SettingsError) {
            guard let mapping = node as? [String: Any] else {
                // A section with only comments is empty.
                if (node == nil || node is NSNull) && keys.contains(where: { $0.hasPrefix(prefix + ".") }) { return }
                guard keys.contains(prefix) else {
                    let meant = meant(by: prefix).map { ": did you mean \($0)?" } ?? ""
                    throw SettingsError("\(path): there is no setting \(prefix)\(meant)")
                }
                return
            }
            for (key, value) in mapping.sorted(by: { $0.key < $1.key }) {
                try check(value, under: prefix.isEmpty ? key : "\(prefix).\(key)")
            }
        }
        guard let root = try Yams.load(yaml: String(contentsOfFile: path, encoding: .utf8)) else { return }
        guard root is [String: Any] else { throw SettingsError("\(path) has to be a mapping of settings") }
        try check(root, under: "")
    }

    /// The setting with the closest key, or the same name in another section.
    private static func meant(by key: String) -> String? {
        let closest = keys.compactMap { other in
            editDistance(Array(key), Array(other), atMost: key.count / 3).map { (edits: $0, key: other) }
        }.min { $0.edits < $1.edits }
        let elsewhere = keys.filter { $0.hasSuffix("." + (key.split(separator: ".").last ?? "")) }
        return closest?.key ?? (elsewhere.count == 1 ? elsewhere[0] : nil)
    }

    /// Those of ops/ and of the tests, which children inherit.
    private static let otherVariables: Set = [
        "KHATA_ADMIN_KEY", "KHATA_CHECKER_READS", "KHATA_MUTANTS", "KHATA_OPS_URL", "KHATA_PIDS", "KHATA_STATE",
        "KHATA_URL",
    ]

    private static func refuseUnknownVariables() throws(SettingsError) {
        let known = keys.map(Setting.variable)
        for name in ProcessInfo.processInfo.environment.keys.sorted() where name.hasPrefix("KHATA_") {
            guard !known.contains(name) else { continue }
            let limit = name.count < "KHATA_".count + 8 ? 1 : 2
            if let meant = known.first(where: { editDistance(Array(name), Array($0), atMost: limit) != nil }) {
                throw SettingsError("\(name) is set, and there is no such setting: did you mean \(meant)?")
            }
            if otherVariables.contains(name) || name.hasPrefix("KHATA_TEST_") || isOfKubernetes(name) { continue }
            let meant = meant(by: name.dropFirst("KHATA_".count).lowercased().replacing("_", with: "."))
            let hint = meant.map { "did you mean \(Setting.variable($0))?" } ?? "`khata config template` has all."
            throw SettingsError("\(name) is set, and there is no such setting: \(hint)")
        }
    }

    /// Kubernetes sets such variables for a service called khata, khata-primary and the like, and ops/ has ports, too.
    private static func isOfKubernetes(_ name: String) -> Bool {
        name.wholeMatch(of: /KHATA_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)/) != nil
    }
}

/// The options of every command that reads settings.
struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (default: config/khata.yaml, if it exists).")
    var file: String?

    @Option(help: "The connection string of the primary; prefer KHATA_PRIMARY_URL, which other users cannot see.")
    var primaryURL: String?

    @Option(help: "An SQLite file for everything, instead of servers.", completion: .file())
    var sqlite: String?

    /// - Parameter flags: Values of other options, by the settings' keys.
    func source(_ flags: [String: String] = [:]) async throws -> SettingsSource {
        var flags = flags
        if let primaryURL { flags["primary.url"] = primaryURL }
        if let sqlite { flags["sqlite.file"] = sqlite }
        return try await SettingsSource(flags: flags, file: file)
    }

    func settings(_ flags: [String: String] = [:]) async throws -> Settings {
        try Settings(try await source(flags))
    }
}
