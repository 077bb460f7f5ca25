import Access
import ArgumentParser
import Foundation
import Inventory
import InventoryHTTP
import NIOPosix
import Postgres
import PostgresLedger
import RateLimiting
import Redis
import SQLiteLedger

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Shows and checks the settings.", subcommands: [Check.self, Show.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the settings in force. Connection strings are shown without their passwords.")

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try await options.settings()
            print(
                """
                bind: \(settings.bind)
                port: \(settings.port)
                ops.port: \(settings.opsPort)
                default_store_id: \(settings.defaultStoreID)
                sqlite.file: \(settings.file ?? "none")
                primary.url: \(try settings.servers.map { try "\(settings.connection($0.primaryURL, of: .primaryURL))" } ?? "none")
                primary.read_connections: \(settings.ledger.primaryReadConnections)
                replica.url: \(try settings.servers?.replicaURL.map { try "\(settings.connection($0, of: .replicaURL))" } ?? "none")
                replica.connections: \(settings.ledger.replicaConnections)
                redis.url: \(try settings.servers?.redisURL.map { try "\(settings.redis($0))" } ?? "none")
                cache.recent_document_bytes: \(settings.recentDocumentBytes)
                cache.warm_concurrency: \(settings.warmConcurrency)
                server.url: \(settings.serverURL ?? "none")
                api_key: \(settings.hasAPIKey ? "set" : "none")
                write.lanes: \(settings.ledger.lanes)
                write.commands_per_transaction: \(settings.ledger.write.commandsPerTransaction)
                write.movements_waiting: \(settings.ledger.write.linesWaiting)
                read.waiting: \(settings.ledger.waitingReads)
                read.unproven: \(settings.ledger.servesUnproven ? "serve" : "refuse")
                limits.body_bytes: \(settings.limits.bodyBytes)
                limits.header_bytes: \(settings.limits.headerBytes)
                limits.quantity: \(settings.limits.quantity)
                limits.name_characters: \(settings.limits.nameCharacters)
                limits.note_characters: \(settings.limits.noteCharacters)
                limits.batch: \(settings.limits.batch)
                limits.page: \(settings.limits.page)
                \(rates(settings.rates))
                proxies.trusted: \(settings.proxies)
                connections.total: \(settings.limits.connections.total)
                connections.per_address: \(settings.limits.connections.perAddress)
                connections.requests: \(settings.limits.connections.requests)
                connections.idle_seconds: \(settings.limits.connections.idle.components.seconds)
                connections.handshake_seconds: \(settings.limits.connections.handshake.components.seconds)
                connections.head_seconds: \(settings.limits.connections.head.components.seconds)
                connections.body_seconds: \(settings.limits.connections.body.components.seconds)
                connections.answer_seconds: \(settings.limits.connections.answer.components.seconds)
                connections.bytes_per_second: \(settings.limits.connections.bytesPerSecond)
                tls.certificate_file: \(settings.certificate?.certificate ?? "none")
                tls.key_file: \(settings.certificate?.key ?? "none")
                cors.origins: \(settings.cors?.description ?? "none")
                basic.enabled: \(settings.access.acceptsPasswords)
                basic.waiting: \(settings.access.passwordsWaiting)
                jwt.jwks_file: \(settings.access.keysFile ?? "none")
                jwt.hs256_secret: \(settings.access.secret == nil ? "none" : "(hidden)")
                jwt.hs256_kid: \(settings.access.secretID)
                jwt.issuer: \(settings.access.issuer ?? "none")
                jwt.audience: \(settings.access.audience ?? "none")
                jwt.leeway_seconds: \(settings.access.leewaySeconds)
                log.level: \(settings.logLevel)
                """)
        }

        private func rates(_ rates: RatePolicies?) -> String {
            guard let rates else { return "rate_limits.enabled: false" }
            var lines = ["rate_limits.enabled: true"]
            for (name, policy) in [("reads", rates.reads), ("writes", rates.writes), ("address", rates.address)] {
                lines.append("rate_limits.\(name)_per_second: \(policy.permitsPerSecond)")
                lines.append("rate_limits.\(name)_burst: \(policy.burst)")
            }
            for role in Role.allCases {
                for (name, policy) in [("reads", rates.roles[role]?.reads), ("writes", rates.roles[role]?.writes)] {
                    guard let policy else { continue }
                    lines.append("rate_limits.\(role.rawValue).\(name)_per_second: \(policy.permitsPerSecond)")
                }
            }
            return lines.joined(separator: "\n")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens every connection that the settings name, and says what is wrong.")

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try await options.settings()
            var problems =
                switch settings.storage {
                case .servers(let servers): try await check(settings, servers)
                case .file: try await checkFile(settings)
                }
            problems += checkCertificate(settings)
            problems += await checkTokens(settings)
            guard problems.isEmpty else { throw SettingsError(problems.joined(separator: "\n")) }
            print("All is well.")
        }

        private func check(_ settings: Settings, _ servers: Settings.Servers) async throws -> [String] {
            var problems = try await check(settings, servers.primaryURL, .primaryURL) { pool in
                try await Schema(pool).check()
            }
            if let replicaURL = servers.replicaURL {
                problems += try await check(settings, replicaURL, .replicaURL) { pool in
                    try await Schema(pool).checkIsReplica()
                }
            }
            if let redisURL = servers.redisURL {
                problems += try await checkRedis(settings, redisURL)
            }
            return problems
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
                _ = try await settings.access.tokens()
                return []
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
                try settings.redis(url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: settings.logger())
            var problems: [String] = []
            do {
                _ = try await client.send(RedisCommand("PING"))
            } catch {
                problems.append("redis.url: \(error.message)")
            }
            await client.close()
            return problems
        }

        private func check(
            _ settings: Settings, _ url: String, _ key: SettingKey, _ body: (Pool) async throws -> Void
        ) async throws -> [String] {
            let pool = Pool(
                try settings.connection(url, of: key), maximumConnections: 1, maximumWaiting: 1,
                waitTimeout: .seconds(10), logger: settings.logger())
            var problems: [String] = []
            do {
                try await body(pool)
            } catch {
                problems.append("\(key.rawValue): \(error)")
            }
            await pool.close()
            return problems
        }
    }
}

extension Settings {
    fileprivate var servers: Servers? {
        guard case .servers(let servers) = storage else { return nil }
        return servers
    }

    fileprivate var file: String? {
        guard case .file(let path) = storage else { return nil }
        return path
    }
}
