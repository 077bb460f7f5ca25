import Foundation
import LedgerTesting
import PostgresLedger
import ServerTesting
import Testing

@testable import khata

@Suite("Settings")
struct SettingsTests {
    @Test("config/khata.yaml is what the declarations make")
    func file() throws {
        let isCurrent = try Data(contentsOf: Self.file) == Data(Settings.file.utf8)
        #expect(isCurrent, "write it anew: .build/debug/khata config template > config/khata.yaml")
        #expect(Settings.file.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(Set(Settings.all.map(\.key)).count == Settings.all.count)
    }

    @Test("the file says the defaults")
    func defaults() async throws {
        let source = try await SettingsSource(flags: [:], file: Self.file.path)
        let (read, defaults) = (try Settings(source), Settings())
        for setting in Settings.all {
            #expect(try setting.value(read) == setting.value(defaults), "\(setting.key)")
            #expect(try (source.find(setting) == nil) == (setting.example != nil), "\(setting.key)")
        }
    }

    @Test("every example can be set as it stands")
    func examples() async throws {
        try await TestFile.with { file in
            let path = file.folder.appending(path: "khata.yaml").path
            let examples = Settings.file.replacing(#/# (\w+: \S+(, \S+)*)\n/#) { "\($0.output.1)\n" }
            try Data(examples.utf8).write(to: URL(filePath: path))
            let source = try await SettingsSource(flags: [:], file: path)
            let settings = try Settings(source)
            for setting in Settings.all {
                #expect(try source.find(setting)?.origin == path, "\(setting.key)")
                #expect(try setting.value(settings) != nil, "\(setting.key)")
            }
        }
    }

    @Test("a flag wins over the environment, and the environment over the file; show says which it was")
    func origins() async throws {
        let file = try await show(
            "port: 1\nops:\n  port: 2\nwrite:\n  lanes: 3\n", ["KHATA_OPS_PORT": "4", "KHATA_WRITE_LANES": "5"],
            ["--primary-url", "postgresql://khata:secret@localhost/a"])
        #expect(file.status == 0, "\(file.errors)")
        for line in [
            #/port: 1 +# .*/khata.yaml/#, #/ops.port: 4 +# KHATA_OPS_PORT/#, #/write.lanes: 5 +# KHATA_WRITE_LANES/#,
            #/primary.url: khata@localhost/a +# a flag/#, #/bind: 127.0.0.1 +# default/#,
            #/redis.url: none +# default/#,
        ] {
            #expect(file.lines.contains { $0.wholeMatch(of: line) != nil }, "\(file.output)")
        }
        #expect(!file.output.contains("secret@"))
        let reversed = try await Program(environment: ["KHATA_CACHE_WARM_CONCURRENCY": "5"])
            .run(["cache", "warm", "--concurrency", "65"])
        #expect(reversed.status == 3)
        #expect(reversed.errors.contains(#"cache.warm_concurrency is "65", from a flag: it has to be an integer"#))
    }

    @Test(
        "a name that is mistyped in the file is refused, and the one that was meant is named",
        arguments: [
            ("write:\n  lane: 2\n", "there is no setting write.lane: did you mean write.lanes?"),
            ("lanes: 2\n", "there is no setting lanes: did you mean write.lanes?"),
            ("limit:\n  page: 5\n", "there is no setting limit.page: did you mean limits.page?"),
            ("redis:\n  url_fil: a\n", "there is no setting redis.url_fil: did you mean redis.url_file?"),
            ("colour: red\n", "there is no setting colour\n"), ("- port\n", "has to be a mapping of settings"),
        ])
    func mistypedKey(yaml: String, message: String) async throws {
        let outcome = try await show(yaml)
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test("a variable that is no setting is refused; those of Kubernetes, ops/ and the tests are not")
    func mistypedVariable() async throws {
        let mistyped = try await show(environment: ["KHATA_WRITE_LANE": "2"])
        #expect(mistyped.status == 3)
        #expect(mistyped.errors.contains("KHATA_WRITE_LANE") && mistyped.errors.contains("KHATA_WRITE_LANES?"))
        let file = try await show(environment: ["KHATA_REDIS_URL_FILES": "2"])
        #expect(file.status == 3)
        #expect(file.errors.contains("did you mean KHATA_REDIS_URL_FILE?"), "\(file.errors)")
        for (name, hint) in [
            ("BASIC", "`khata config template` has all"), ("BASIC_ENABLE", "did you mean KHATA_BASIC_ENABLED?"),
            ("TLS_CERT_FILE", "did you mean KHATA_TLS_KEY_FILE?"), ("HTTP_PORTS", "`khata config template` has all"),
        ] {
            let unknown = try await show(environment: ["KHATA_\(name)": "false"])
            #expect(unknown.status == 3 && unknown.errors.contains("KHATA_\(name) is set"), "\(unknown.errors)")
            #expect(unknown.errors.contains(hint), "\(unknown.errors)")
        }
        let others = [
            "SERVICE_HOST", "SERVICE_PORT_HTTP", "PRIMARY_PORT", "REDIS_PORT", "REPLICA_SERVICE_PORT", "ADMIN_KEY",
            "URL", "STATE", "PRIMARY_PORT_5432_TCP_ADDR", "TEST_PRIMARY_URL", "CHECKER_READS",
        ]
        let outcome = try await show(
            environment: Dictionary(uniqueKeysWithValues: others.map { ("KHATA_\($0)", "1") }))
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "a value that cannot be is refused with where it comes from and what it has to be",
        arguments: [
            (
                "KHATA_PORT", "tcp://10.0.0.1:80",
                #"port is "tcp://10.0.0.1:80", from KHATA_PORT: it has to be an integer"#
            ),
            (
                "KHATA_WRITE_LANES", "65",
                #"write.lanes is "65", from KHATA_WRITE_LANES: it has to be an integer from 1 to 64"#
            ),
            ("KHATA_CONNECTIONS_IDLE_SECONDS", "0", "it has to be an integer from 1 to 3600"),
            ("KHATA_BASIC_ENABLED", "perhaps", "it has to be true or false"),
            ("KHATA_PORT", "", #"port is "", from KHATA_PORT"#), ("KHATA_OPS_PORT", " ", #"ops.port is " ", from"#),
            ("KHATA_SERVER_URL", "https://ana:secret@khata.example", "without user and password"),
            ("KHATA_READ_UNPROVEN", "never", "it has to be one of refuse, serve"),
            ("KHATA_LOG_LEVEL", "loud", "it has to be one of trace, debug, "),
            ("KHATA_DEFAULT_STORE_ID", "0", #"default_store_id is "0""#),
            ("KHATA_RATE_LIMITS_CLERK_READS_PER_SECOND", "0", #"rate_limits.clerk.reads_per_second is "0""#),
            ("KHATA_RATE_LIMITS_READS_BURST", "5", "set rate_limits.reads_per_second too"),
            ("KHATA_PROXIES_TRUSTED", "10.0.0.0/8 a", #"proxies.trusted: "a" is no range of addresses"#),
            ("KHATA_CORS_ORIGINS", "shop", "cors.origins: \"shop\" is not an origin"),
            ("KHATA_TLS_KEY_FILE", "a", "tls.certificate_file has to be, too"),
            ("KHATA_TLS_CERTIFICATE_FILE", "a", "tls.key_file has to be, too"),
            ("KHATA_API_KEY_FILE", "/none", "/none, which KHATA_API_KEY_FILE names for api_key, cannot be read"),
        ])
    func wrongValue(variable: String, value: String, message: String) async throws {
        let outcome = try await show(environment: [variable: value])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(!outcome.errors.contains("secret"))
    }

    @Test("replica.urls is a list of URIs, whose passwords are not shown, also if it is wrong")
    func replicas() async throws {
        let urls = "postgresql://khata:word1234@db2:5433,db3:5432/khata,  postgres://khata:word1234@db4/khata"
        let shown = try await show(environment: ["KHATA_REPLICA_URLS": urls])
        #expect(
            shown.output.contains(
                /replica.urls: khata@db2:5433,db3:5432\/khata, khata@db4\/khata +# KHATA_REPLICA_URLS\n/))
        #expect(!shown.output.contains("word1234"))
        let many = (1...17).map { "postgresql://khata:word1234@db\($0)/khata" }
        for (urls, message) in [
            (many.joined(separator: ", "), "replica.urls has to name from 1 to 16 replicas"),
            (many[0] + "," + many[0], "replica.urls names a replica twice"),
            (many[0] + ", host=db2 password=word1234", "replica.urls has to be URIs such as postgresql://"),
            ("host=db2 password=word1234", "replica.urls has to be URIs such as postgresql://"),
            (many[0] + ", ", "replica.urls has to be URIs such as postgresql://"),
            (
                many[0] + ",postgresql://khata:word1234@db2:port/khata",
                "replica.urls, replica 2 is not a connection string of PostgreSQL: a port is not a number"
            ),
        ] {
            let wrong = try await show(environment: ["KHATA_REPLICA_URLS": urls])
            #expect(wrong.status == 3 && wrong.errors.contains(message), "\(wrong.errors)")
            #expect(!wrong.errors.contains("word1234"))
        }
    }

    @Test("config check tests each replica, and replica.url and replica.urls exclude each other")
    func checkedReplicas() async throws {
        try await TestDatabase.with { database in
            func check(_ settings: [String: String]) async throws -> Program.Outcome {
                try await Program(on: database, settings).run(["config", "check"])
            }
            try await database.withLedger { _ = try await $0.cacheState() }
            try await eventually("both are checked", within: .seconds(60)) {
                let twice = "\(database.replicaURL),\(database.replicaURL)?application_name=second"
                return try await check(["KHATA_REPLICA_URLS": twice]).status == 0
            }
            try await TestDatabase.with { other in
                try await other.withLedger { _ = try await $0.cacheState() }
                try await eventually("each is told what is wrong with it", within: .seconds(60)) {
                    let urls = [
                        database.replicaURL, other.primaryURL, other.replicaURL,
                        "postgresql://khata@127.0.0.1:1/khata",
                    ]
                    let outcome = try await check(["KHATA_REPLICA_URLS": urls.joined(separator: ",")])
                    return outcome.status == 3 && !outcome.errors.contains("replica 1")
                        && outcome.errors.contains("replica.urls, replica 2: this server is not a standby")
                        && outcome.errors.contains("replica.urls, replica 3: this standby does not follow the database")
                        && outcome.errors.contains("replica.urls, replica 4: ")
                }
            }
            let withPrimary = "\(database.replicaURL),\(database.primaryURL)"
            #expect(try await check(["KHATA_REPLICA_URLS": withPrimary]).status == 0)
            let alone = try await check(["KHATA_REPLICA_URL": database.primaryURL])
            #expect(alone.status == 3 && alone.errors.contains("replica.url: this server is not a standby"))
            let both = try await check(
                ["KHATA_REPLICA_URL": database.replicaURL, "KHATA_REPLICA_URLS": database.replicaURL])
            #expect(both.status == 3)
            #expect(
                both.errors.contains("replica.url and replica.urls are both set: name all replicas in replica.urls"))
        }
    }

    @Test("a rate brings its usual burst, and a role its own rate")
    func rates() async throws {
        let yaml = """
            rate_limits:
              reads_per_second: 4000
              writes_per_second: 100
              writes_burst: 7
              address_per_second: 200
              clerk:
                writes_per_second: 3
            """
        let shown = try await show(yaml)
        for line in ["reads_burst: 1000", "writes_burst: 7", "address_burst: 50", "clerk.writes_per_second: 3"] {
            #expect(shown.output.contains("rate_limits.\(line) "), "\(shown.output)")
        }
    }

    @Test("every secret may come from a file of its own, over the configuration file, and is not shown")
    func secrets() async throws {
        try await TestFile.with { file in
            let path = file.folder.appending(path: "secret").path
            for secret in Settings.all where secret.isSecret {
                let word = "wordwordwordwordwordwordwordword"
                let scheme = ["redis.url": "redis", "amqp.url": "amqp"][secret.key] ?? "postgresql"
                let value = secret.key.contains(".url") ? "\(scheme)://u:\(word)@host" : word
                try Data("\(value)\n".utf8).write(to: URL(filePath: path))
                let given = ["KHATA_JWT_ISSUER": "i", "KHATA_JWT_AUDIENCE": "a"]
                let parts = secret.key.split(separator: ".")
                let yaml = parts.count == 1 ? "\(parts[0]): other\n" : "\(parts[0]):\n  \(parts[1]): other\n"
                let shown = try await show(yaml, given.merging([Setting.variable(secret.key + "_file"): path]) { $1 })
                #expect(shown.status == 0, "\(shown.errors)")
                #expect(
                    shown.lines.contains { $0.hasPrefix("\(secret.key): ") && $0.hasSuffix("# \(path)") },
                    "\(shown.output)")
                #expect(!shown.output.contains(word))
            }
        }
    }

    private func show(
        _ yaml: String = "", _ environment: [String: String] = [:], _ arguments: [String] = []
    ) async throws -> Program.Outcome {
        try await TestFile.with { file in
            let path = file.folder.appending(path: "khata.yaml").path
            try Data((yaml.isEmpty ? "{}" : yaml).utf8).write(to: URL(filePath: path))
            return try await Program(environment: environment).run(["config", "show", "--config", path] + arguments)
        }
    }

    private func show(environment: [String: String]) async throws -> Program.Outcome { try await show("", environment) }

    /// In the root of the repository.
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "config/khata.yaml")
}
