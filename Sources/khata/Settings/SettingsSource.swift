import ArgumentParser
import Configuration
import Foundation
import SystemPackage
import Yams

/// Where settings come from: flags, over the environment, over a file.
struct SettingsSource {
    static let defaultFile = "config/khata.yaml"

    private let providers: [(name: String, provider: any ConfigProvider)]

    /// - Parameters:
    ///   - flags: What was given on the command line.
    ///   - file: A file that has to exist; without one, `config/khata.yaml` is read if it does.
    init(flags: [SettingKey: ConfigContent], file: String?) async throws(SettingsError) {
        let path = file ?? Self.defaultFile
        do {
            if file != nil || FileManager.default.fileExists(atPath: path) {
                try Self.refuseUnknownKeys(path)
            }
            let flags = Dictionary(
                uniqueKeysWithValues: flags.map { ($0.absoluteKey, ConfigValue($1, isSecret: $0.isSecret)) })
            providers = [
                ("a flag", InMemoryProvider(values: flags)),
                ("the environment", EnvironmentVariablesProvider().prefixKeys(with: "khata")),
                (path, try await FileProvider<YAMLSnapshot>(filePath: FilePath(path), allowMissing: file == nil)),
            ]
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("\(path) cannot be read: \(error)")
        }
    }

    func text(_ key: SettingKey) throws(SettingsError) -> String? {
        if case .string(let text)? = try value(key, .string, "a text") { return text }
        return key.isSecret ? try contents(ofFileNamedBy: key) : nil
    }

    func integer(_ key: SettingKey, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        guard case .int(let number)? = try value(key, .int, "an integer") else { return nil }
        guard range.contains(number) else {
            throw SettingsError(
                "\(key.rawValue) is \(number): it has to be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice(_ key: SettingKey, of choices: [String]) throws(SettingsError) -> String? {
        guard let text = try text(key) else { return nil }
        guard choices.contains(text) else {
            throw SettingsError("\(key.rawValue) is \(text): use \(choices.joined(separator: " or "))")
        }
        return text
    }

    func flag(_ key: SettingKey) throws(SettingsError) -> Bool? {
        guard case .bool(let flag)? = try value(key, .bool, "true or false") else { return nil }
        return flag
    }

    private func value(
        _ key: SettingKey, _ type: ConfigType, _ description: String
    ) throws(SettingsError) -> ConfigContent? {
        for (name, provider) in providers {
            do {
                if let value = try provider.value(forKey: key.absoluteKey, type: type).value { return value.content }
            } catch {
                throw SettingsError("\(key.rawValue), from \(name), has to be \(description)")
            }
        }
        return nil
    }

    private func contents(ofFileNamedBy key: SettingKey) throws(SettingsError) -> String? {
        let fileKey = AbsoluteConfigKey((key.rawValue + "_file").split(separator: ".").map(String.init))
        for (name, provider) in providers {
            guard let value = try? provider.value(forKey: fileKey, type: .string).value,
                case .string(let path) = value.content
            else { continue }
            do {
                return try String(contentsOfFile: path, encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            } catch {
                throw SettingsError("\(path), which \(name) names for \(key.rawValue), cannot be read")
            }
        }
        return nil
    }

    /// A setting with a typing error would otherwise be a setting without effect.
    private static func refuseUnknownKeys(_ path: String) throws {
        let known = Set(
            SettingKey.allCases.flatMap { $0.isSecret ? [$0.rawValue, $0.rawValue + "_file"] : [$0.rawValue] })
        func check(_ node: Any?, under prefix: String) throws {
            guard let mapping = node as? [String: Any] else {
                // A section of which all is commented out says nothing.
                if (node == nil || node is NSNull) && known.contains(where: { $0.hasPrefix(prefix + ".") }) { return }
                guard known.contains(prefix) else { throw SettingsError("\(path): there is no setting \(prefix)") }
                return
            }
            for (key, value) in mapping {
                try check(value, under: prefix.isEmpty ? key : "\(prefix).\(key)")
            }
        }
        guard let root = try Yams.load(yaml: String(contentsOfFile: path, encoding: .utf8)) else { return }
        guard root is [String: Any] else { throw SettingsError("\(path) has to be a mapping of settings") }
        try check(root, under: "")
    }
}

extension SettingKey {
    fileprivate var absoluteKey: AbsoluteConfigKey {
        AbsoluteConfigKey(rawValue.split(separator: ".").map(String.init))
    }
}

/// The options that every command takes that reads settings.
struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (default: config/khata.yaml, if it exists).")
    var file: String?

    @Option(help: "The connection string of the primary; prefer KHATA_PRIMARY_URL, which other users cannot see.")
    var primaryURL: String?

    @Option(help: "A file of SQLite that holds everything, instead of servers.", completion: .file())
    var sqlite: String?

    func source(_ flags: [SettingKey: ConfigContent] = [:]) async throws -> SettingsSource {
        var flags = flags
        if let primaryURL { flags[.primaryURL] = .string(primaryURL) }
        if let sqlite { flags[.sqliteFile] = .string(sqlite) }
        return try await SettingsSource(flags: flags, file: file)
    }

    func settings(_ flags: [SettingKey: ConfigContent] = [:]) async throws -> Settings {
        try Settings(try await source(flags))
    }
}
