import AMQP
import Inventory
import Kafka
import Postgres
import PostgresLedger
import Redis
import RemoteLedger
import SQLiteLedger

extension Settings {
    @SettingsBuilder
    static var databases: [Setting] {
        Setting(
            "primary.url", \.primaryURL, example: "postgresql://khata@localhost:5432/khata",
            secret: { url throws(SettingsError) in "\(try connection(url, of: "primary.url"))" },
            """
            The PostgreSQL primary, as a libpq connection string: a URI or keyword=value pairs. TLS (sslmode=verify-full)
            and several hosts (target_session_attrs=read-write) work as PostgreSQL documents them.
            """)
        Setting(
            "primary.serving_role", \.servingRole, example: "khata_serve",
            """
            The role with which instances and commands connect, if another one owns the tables: `khata migrate`, run as the
            owner, grants it what they need. It cannot change history. Once granted, later migrations keep its privileges.
            """)
        Setting(
            "primary.read_connections", \.ledger.primaryReadConnections, in: 1...1_000,
            "Connections to the primary for reads that no replica can serve.")
        Setting(
            "replica.url", \.replicaURL, example: "postgresql://khata@localhost:5433/khata",
            secret: { url throws(SettingsError) in "\(try connection(url, of: "replica.url"))" },
            "A streaming replica that serves reads, given like primary.url. Without one, the primary serves them.")
        Setting(
            "replica.urls", \.replicaURLs,
            example: "postgresql://khata@db2/khata, postgresql://khata@db3/khata",
            secret: { urls throws(SettingsError) in
                try replicas(urls).map { replica throws(SettingsError) in
                    "\(try connection(replica.url, of: replica.key))"
                }.joined(separator: ", ")
            },
            """
            Instead of replica.url, up to 16 streaming replicas, as URIs separated by commas. Each read uses one that is new
            enough, the one with the fewest reads in flight; one that does not respond, is far behind, or belongs to another
            database or history is left out, and /health says so.
            """)
        Setting(
            "replica.connections", \.ledger.replicaConnections, in: 1...1_000, "Connections to each replica.")
        Setting(
            "redis.url", \.redisURL, example: "redis://localhost:6379",
            secret: { url throws(SettingsError) in "\(try redis(url))" },
            """
            A Redis that caches responses, coherently: redis:// or unix:// for one server; redis-sentinel://host,host/name
            for the one that sentinels call the master of that name; redis-cluster://host,host for a cluster, by some of its
            nodes. With TLS rediss://, rediss-sentinel:// and rediss-cluster://. Without one, every read uses the databases.
            """)
        Setting(
            "amqp.url", \.amqpURL, example: "amqp://khata:password@localhost:5672",
            secret: { url throws(SettingsError) in "\(try amqp(url))" },
            """
            A RabbitMQ that gets an event for every change, in the exchange khata.events: amqp://user:password@host/vhost, or
            amqps:// (TLS). Its user needs to configure and read khata.*, and to write khata.* and amq.default, and nobody else
            may be that user. While it is down, events wait in the database.
            """)
        Setting(
            "amqp.commands", \.takesCommands,
            """
            Whether commands are taken from that RabbitMQ, in the queue khata.commands, and Prefer: respond-async sends requests
            there.
            """)
        Setting(
            "commands.prefetch", \.commandPrefetch, in: 1...10_000,
            """
            The maximum number of commands of the queue, or of a partition of Kafka's, that an instance works on at a time. Each
            has up to 1 MiB.
            """)
    }

    @SettingsBuilder
    static var cache: [Setting] {
        Setting(
            "cache.recent_document_bytes", \.recentDocumentBytes, in: 0...(64 << 30),
            """
            The memory for each process's copies of cached responses, so that Redis need not send them again; each read
            still checks with Redis that they are current. 0 disables them.
            """)
        Setting(
            "cache.warm_concurrency", \.warmConcurrency, in: 1...64,
            """
            How many lists are read concurrently when the cache is warmed (khata cache warm, POST /admin/cache/warm). Each
            takes a connection from readers while its query runs.
            """)
    }

    @SettingsBuilder
    static var shops: [Setting] {
        Setting(
            "sqlite.file", \.sqliteFile, example: "/var/lib/khata/shop.khata",
            """
            A file for everything, for one shop without servers: then leave primary.url, replica.url, replica.urls,
            redis.url, amqp.url and kafka.servers unset. `khata serve` creates it, with a store and an admin key, and checks
            the whole file for damage once after each start: a small file before it serves, a large one in the background.
            While the service runs, two more files next to it (-wal, -shm) belong to it. Copy it with `khata backup`. Not on
            a network file system.
            """)
        Setting(
            "server.url", \.serverURL, example: "https://khata.example",
            """
            The Khata server for the shop's commands (product, move, stock, report, …), with the API key below. `khata
            serve` ignores both.
            """)
        Setting(
            "api_key", \.apiKey, example: "khata_…", secret: Setting.hidden,
            "The API key for server.url, from `khata key create` on that server.")
    }
}

extension Settings {
    /// The storage of the ledger.
    enum Storage {
        case servers(Servers)
        /// An SQLite file, without servers.
        case file(String)
    }

    struct Servers {
        var primaryURL: String
        var replicas: [ReplicaServer] = []
        var redisURL: String?
        var amqpURL: String?
        var kafka: KafkaConfiguration?
    }

    struct ReplicaServer {
        /// The setting that names it, and which one of several it is.
        var key: String
        var url: String
    }

    var storage: Storage {
        get throws(SettingsError) {
            guard let sqliteFile else {
                guard let primaryURL else {
                    throw SettingsError(
                        "no database is configured: set KHATA_PRIMARY_URL, or primary.url in the configuration file, to "
                            + "a PostgreSQL connection string such as postgresql://khata@localhost/khata; name a "
                            + "file with --sqlite, to keep everything in it; or, to work on the shop of a Khata server, "
                            + "set KHATA_SERVER_URL and KHATA_API_KEY")
                }
                guard amqpURL == nil || kafka.servers == nil else {
                    throw SettingsError(
                        "amqp.url and kafka.servers are both set: events go to one of them, so unset the other")
                }
                return .servers(
                    Servers(
                        primaryURL: primaryURL, replicas: try replicas, redisURL: redisURL, amqpURL: amqpURL,
                        kafka: try kafka.configuration))
            }
            let servers = [
                ("primary.url", primaryURL), ("replica.url", replicaURL), ("replica.urls", replicaURLs),
                ("redis.url", redisURL), ("amqp.url", amqpURL), ("kafka.servers", kafka.servers),
            ]
            for (key, url) in servers where url != nil {
                throw SettingsError(
                    "sqlite.file and \(key) are both set: a ledger in a file takes no servers, so unset one of them")
            }
            return .file(sqliteFile)
        }
    }

    private var replicas: [ReplicaServer] {
        get throws(SettingsError) {
            guard let replicaURLs else { return replicaURL.map { [ReplicaServer(key: "replica.url", url: $0)] } ?? [] }
            guard replicaURL == nil else {
                throw SettingsError(
                    "replica.url and replica.urls are both set: name all replicas in replica.urls, and unset the other")
            }
            return try Self.replicas(replicaURLs)
        }
    }

    /// - Parameter list: Of URIs. A comma within one separates its hosts.
    private static func replicas(_ list: String) throws(SettingsError) -> [ReplicaServer] {
        let urls = list.split(separator: /\s*,\s*(?=postgres(ql)?:\/\/)/).map(String.init)
        guard !urls.isEmpty, urls.count <= maximumReplicas else {
            throw SettingsError("replica.urls has to name from 1 to \(maximumReplicas) replicas")
        }
        // None is quoted: it may contain a password.
        guard urls.allSatisfy({ $0.wholeMatch(of: /postgres(ql)?:\/\/\S*[^\s,]/) != nil }) else {
            throw SettingsError(
                "replica.urls has to be URIs such as postgresql://khata@db2/khata, separated by commas")
        }
        guard Set(urls).count == urls.count else { throw SettingsError("replica.urls names a replica twice") }
        return urls.enumerated().map { ReplicaServer(key: "replica.urls, replica \($0 + 1)", url: $1) }
    }

    private static let maximumReplicas = 16

    var serverAddress: ServerAddress? {
        get throws(SettingsError) {
            guard let serverURL else { return nil }
            // Not quoted: it may contain a password.
            guard let address = ServerAddress(serverURL) else {
                throw SettingsError(
                    "server.url has to be an address such as https://khata.example, without user and password")
            }
            return address
        }
    }

    /// For a ledger in a file.
    var ledgerFile: LedgerFileLimits {
        var limits = LedgerFileLimits()
        limits.write = ledger.write
        limits.waitingReads = ledger.waitingReads
        return limits
    }

    static func connection(
        _ url: String, of key: String, isReadOnly: Bool = false
    ) throws(SettingsError) -> ConnectionConfiguration {
        do {
            return try ConnectionConfiguration(url, applicationName: "khata", isReadOnly: isReadOnly)
        } catch {
            throw SettingsError("\(key) is not a connection string of PostgreSQL: \(error)")
        }
    }

    static func redis(_ url: String) throws(SettingsError) -> RedisConfiguration {
        do {
            return try RedisConfiguration(url: url)
        } catch {
            throw SettingsError("redis.url is not the address of a Redis: \(error)")
        }
    }

    static func amqp(_ url: String) throws(SettingsError) -> AMQPConfiguration {
        do {
            return try AMQPConfiguration(url: url)
        } catch {
            throw SettingsError("amqp.url is not the address of a RabbitMQ: \(error)")
        }
    }
}
