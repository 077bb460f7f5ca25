import ArgumentParser
import Authentication
import Foundation
import InventoryHTTP
import Kafka
import Logging
import NIOPosix
import Postgres
import PostgresLedger
import RabbitMQ
import Redis
import SQLiteLedger
import StockCache

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Shows and checks the settings.",
        subcommands: [Check.self, Show.self, Template.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the effective settings and where each was set. Passwords are not shown.")

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let source = try await options.source()
            let settings = try Settings(source)
            if settings.sqliteFile != nil { _ = try settings.storage }
            let lines = try Settings.all.map { setting in
                let line = "\(setting.key): \(try setting.value(settings) ?? "none")"
                let gap = String(repeating: " ", count: max(1, 48 - line.count))
                return "\(line)\(gap)# \(try source.find(setting)?.origin ?? "default")"
            }
            print(lines.joined(separator: "\n"))
        }
    }

    struct Template: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a configuration file: every setting, what it does, and its default.")

        func run() {
            print(Settings.file, terminator: "")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens every configured connection, and reports errors.")

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try await options.settings()
            var problems =
                switch try settings.storage {
                case .servers(let servers): try await check(settings, servers)
                case .file: try await checkFile(settings)
                }
            problems += checkCertificate(settings)
            problems += await checkTokens(settings)
            for file in settings.exposedFiles {
                printError("khata: warning: every user of this machine can read \(file): chmod o-r it.")
            }
            guard problems.isEmpty else { throw SettingsError(problems.joined(separator: "\n")) }
            print("All is well.")
        }

        private func check(_ settings: Settings, _ servers: Settings.Servers) async throws -> [String] {
            var history: String?
            var problems = try await check(settings, servers.primaryURL, "primary.url") { pool in
                try await Schema(pool).check()
                history = try await Schema(pool).historyID()
            }
            for replica in servers.replicas {
                problems += try await check(settings, replica.url, replica.key) { pool in
                    try await Schema(pool).checkIsReplica(of: history, isOneOfSeveral: servers.replicas.count > 1)
                }
            }
            if let redisURL = servers.redisURL {
                problems += try await checkRedis(settings, redisURL)
            }
            return problems + (try await checkBroker(settings, servers))
        }

        private func checkFile(_ settings: Settings) async throws -> [String] {
            do {
                try await withLedger(settings, checksAll: true) { _ in }
                return []
            } catch let error as LedgerFileError {
                return ["sqlite.file: \(error)"]
            }
        }

        private func checkTokens(_ settings: Settings) async -> [String] {
            do {
                guard let keys = try await settings.access.tokenKeys(settings.logger()) else { return [] }
                return await keys.read().map { ["jwt.jwks_url: \($0)"] } ?? []
            } catch {
                return ["\(error)"]
            }
        }

        private func checkCertificate(_ settings: Settings) -> [String] {
            do {
                guard let certificate = try settings.serverCertificate() else { return [] }
                let expires = Date(timeIntervalSince1970: TimeInterval(certificate.expiry))
                return expires > Date() ? [] : ["TLS: the certificate expired on \(expires.formatted(.iso8601))"]
            } catch {
                return ["\(error)"]
            }
        }

        private func checkRedis(_ settings: Settings, _ url: String) async throws -> [String] {
            let client = try RedisClient(
                try Settings.redis(url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: settings.logger())
            var problems: [String] = []
            do {
                try await client.connect(within: .seconds(5))
                if let problem = try await client.memoryProblem() { problems.append(problem) }
            } catch {
                problems.append(error.message)
            }
            // One of several servers may have failed, and it is not said which.
            let servers = client.servers
            let failures = servers.compactMap { server in
                server.failure.map { "\(server.role)\(server.address.map { " \($0)" } ?? ""): \($0)" }
            }
            if servers.count > 1 && !failures.isEmpty { problems = failures }
            await client.close()
            return problems.map { "redis.url: \($0)" }
        }

        private func checkBroker(_ settings: Settings, _ servers: Settings.Servers) async throws -> [String] {
            // Only a serving instance logs that it is connected.
            var logger = settings.logger()
            logger.logLevel = max(logger.logLevel, .warning)
            if let kafka = servers.kafka { return try await checkKafka(kafka, settings, servers, logger) }
            guard let client = try settings.amqpClient(on: servers, logger) else { return [] }
            do {
                try await RabbitMQEvents(client).check()
                if settings.takesCommands {
                    try await RabbitMQCommands(client, prefetch: settings.commandPrefetch).check()
                }
                return []
            } catch {
                return ["amqp.url: \(error)"]
            }
        }

        private func checkKafka(
            _ kafka: KafkaConfiguration, _ settings: Settings, _ servers: Settings.Servers, _ logger: Logger
        ) async throws -> [String] {
            do {
                try await KafkaEvents(KafkaClient(kafka, logger: logger)).check()
                try await settings.kafkaCommands(on: servers, logger)?.check()
            } catch {
                return ["kafka.servers: \(error)"]
            }
            do {
                let ledger = try settings.ledger(on: servers, logger)
                try await running(ledger, logger) { try await settings.checkCommandsUser(in: ledger) }
                return []
            } catch let error as SettingsError {
                return ["\(error)"]
            } catch {
                // What is wrong with the database is told by its own check.
                return []
            }
        }

        private func check(
            _ settings: Settings, _ url: String, _ key: String, _ body: (Pool) async throws -> Void
        ) async throws -> [String] {
            let pool = Pool(
                try Settings.connection(url, of: key), maximumConnections: 1, maximumWaiting: 1,
                waitTimeout: .seconds(10), logger: settings.logger())
            var problems: [String] = []
            do {
                try await body(pool)
            } catch {
                problems.append("\(key): \(error)")
            }
            await pool.close()
            return problems
        }
    }
}
