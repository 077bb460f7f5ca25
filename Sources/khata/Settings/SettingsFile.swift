extension Settings {
    /// config/khata.yaml: every setting with its text and its default.
    static var file: String {
        let secrets = all.filter(\.isSecret).map(\.key).joined(separator: ", ")
        var lines = """
            # The settings of Khata and their defaults, as `khata config template` prints them.
            #
            # A flag (`khata serve --port 80`) overrides the environment, which overrides this file. `ops.port` here is
            # KHATA_OPS_PORT there. `khata config show` prints the effective settings and where each was set; `khata config
            # check` opens every connection.
            #
            # These may contain passwords:
            # \(secrets).
            # Better keep them out of this file: in the environment, or each in its own file, whose path is set with the suffix
            # _file: KHATA_REDIS_URL_FILE, or redis.url_file here.
            """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var section: ArraySlice<Substring> = []
        for setting in all {
            let path = setting.key.split(separator: ".")
            let kept = zip(section, path.dropLast()).prefix { $0 == $1 }.count
            let texts = setting.text.split(separator: "\n")
            if path.count - 1 != kept || section.count != kept || !texts.isEmpty { lines.append("") }
            section = path.dropLast()
            for depth in kept..<section.count { lines.append(indented(depth, "\(section[depth]):")) }
            lines += texts.map { indented(section.count, "# \($0)") }
            let value = setting.example ?? (try? setting.value(Settings())) ?? ""
            let line = "\(path[section.count]): \(value)"
            lines.append(indented(section.count, setting.example == nil ? line : "# \(line)"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func indented(_ depth: Int, _ line: String) -> String {
        String(repeating: "  ", count: depth) + line
    }
}
