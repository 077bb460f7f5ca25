// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "khata",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "khata", targets: ["khata"]),
        .executable(name: "khata-demo", targets: ["khata-demo"]),
    ],
    dependencies: [
        // HTTP/1.1 on a connection (its core only).
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // ByteBuffer, and a thread of its own for each database connection.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // HTTP messages as the channel handlers in front of Hummingbird see them.
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        // HTTP header and status types, shared with Hummingbird.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // SHA-256 for the audit chain, API keys and request fingerprints; scrypt for passwords.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // The signatures of JSON Web Tokens; what a token has to be is checked here.
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        // TLS: of the API, and to Redis (rediss://) and RabbitMQ (amqps://), with host name verification.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // Deque: the bounded queues of the lanes and the pool. Heap: the merge of ledgers into one file.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // SQLite: a pool of connections with snapshot reads, off the cooperative pool, and errors with their codes.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Start in order, stop in reverse, drain within a deadline.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // The vocabulary of traces: tracer, span, context. What records and exports them is here.
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Settings: flags over environment over config/khata.yaml.
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML"]),
        // File paths, as swift-configuration takes them.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // The keys of the settings file, to refuse those that do not exist.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // The HTTP client of RemoteLedger, of key sets at a URL, of webhooks, of khata top, and of the tests.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "Basics", swiftSettings: swiftSettings),
        .target(name: "JSON", dependencies: ["Basics"], swiftSettings: swiftSettings),
        .target(name: "Prometheus", swiftSettings: swiftSettings),
        .target(
            name: "OpenTelemetry",
            dependencies: [
                "Basics", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Inventory",
            dependencies: [
                "Basics", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "InventoryContract",
            dependencies: ["Basics", "Inventory", "JSON", .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: swiftSettings),
        .target(
            name: "RemoteLedger",
            dependencies: [
                "Basics", "Inventory", "InventoryContract", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Postgres",
            dependencies: [
                "Basics", "CLibPQ",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(
            name: "Redis",
            dependencies: [
                "Basics", "CHiredis",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "AMQP",
            dependencies: [
                "Basics",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "StockCache",
            dependencies: [
                "Basics", "Inventory", "Redis",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "StockFiles",
            dependencies: [
                "Basics", "Inventory",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "StockEvents",
            dependencies: [
                "Basics", "Inventory", "JSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "StockCommands",
            dependencies: [
                "Access", "Basics", "Inventory", "InventoryContract", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "RabbitMQ",
            dependencies: [
                "AMQP", "Basics", "Inventory", "JSON", "StockCommands", "StockEvents",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .target(
            name: "Kafka",
            dependencies: [
                "Basics", "CRdKafka", "Inventory", "JSON", "StockCommands", "StockEvents",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Webhooks",
            dependencies: [
                "Access", "Basics", "Inventory", "JSON", "RateLimiting", "StockEvents",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Access",
            dependencies: ["Inventory", "JSON", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings),
        .target(
            name: "Authentication",
            dependencies: [
                "Access", "Basics", "Inventory", "JSON", "RateLimiting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "RateLimiting",
            dependencies: ["Access", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")],
            swiftSettings: swiftSettings),
        .target(
            name: "PostgresLedger",
            dependencies: [
                "Access", "Basics", "Inventory", "JSON", "Postgres",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            resources: [.embedInCode("Migrations")],
            swiftSettings: swiftSettings),
        .target(
            name: "SQLiteLedger",
            dependencies: [
                "Access", "Basics", "Inventory",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            resources: [.embedInCode("Migrations")],
            swiftSettings: swiftSettings),
        .target(
            name: "InventoryHTTP",
            dependencies: [
                "Access", "Authentication", "Basics", "Inventory", "InventoryContract", "JSON", "Prometheus",
                "RateLimiting", "StockCache", "StockCommands", "StockEvents", "Webhooks",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "khata",
            dependencies: [
                "AMQP", "Access", "Authentication", "Basics", "Inventory", "InventoryContract", "InventoryHTTP", "JSON",
                "Kafka", "OpenTelemetry", "Postgres", "PostgresLedger", "Prometheus", "RabbitMQ", "RateLimiting",
                "Redis", "RemoteLedger", "SQLiteLedger", "StockCache", "StockCommands", "StockEvents", "StockFiles",
                "Webhooks",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "khata-demo",
            dependencies: [
                "Inventory", "StockFiles",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "InventoryTesting", dependencies: ["Inventory"], path: "Tests/InventoryTesting",
            swiftSettings: swiftSettings),
        .target(
            name: "LedgerTesting",
            dependencies: [
                "Access", "Inventory", "Postgres", "PostgresLedger", "SQLiteLedger",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/LedgerTesting",
            swiftSettings: swiftSettings),
        .target(
            name: "ServerTesting",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/ServerTesting",
            swiftSettings: swiftSettings),
        .target(
            name: "EventTesting",
            dependencies: [
                "AMQP", "Access", "Inventory", "InventoryTesting", "PostgresLedger", "ServerTesting", "StockCommands",
                "StockEvents",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/EventTesting",
            swiftSettings: swiftSettings),
        .testTarget(name: "BasicsTests", dependencies: ["Basics"], swiftSettings: swiftSettings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: swiftSettings),
        .testTarget(name: "PrometheusTests", dependencies: ["Prometheus"], swiftSettings: swiftSettings),
        .testTarget(
            name: "OpenTelemetryTests",
            dependencies: [
                "JSON", "OpenTelemetry", "ServerTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "InventoryTests",
            dependencies: [
                "Inventory", "InventoryTesting", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "InventoryContractTests",
            dependencies: ["Inventory", "InventoryContract", "JSON"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RemoteLedgerTests",
            dependencies: [
                "Inventory", "InventoryContract", "JSON", "RemoteLedger", "ServerTesting",
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["Postgres", "ServerTesting", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "LedgerContractTests",
            dependencies: [
                "Access", "Authentication", "Inventory", "InventoryHTTP", "InventoryTesting", "LedgerTesting",
                "PostgresLedger", "RemoteLedger", "SQLiteLedger", "StockEvents", "Webhooks",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        // What the tests of the file kill while it writes.
        .executableTarget(
            name: "LedgerWriter",
            dependencies: ["Inventory", "LedgerTesting", "SQLiteLedger"],
            path: "Tests/LedgerWriter",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SQLiteLedgerTests",
            dependencies: [
                "Access", "Inventory", "InventoryTesting", "LedgerTesting", "LedgerWriter", "SQLiteLedger",
                "ServerTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PostgresLedgerTests",
            dependencies: [
                "Access", "Inventory", "InventoryTesting", "LedgerTesting", "Postgres", "PostgresLedger",
                "RateLimiting", "ServerTesting",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "ServerTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "AMQPTests",
            dependencies: [
                "AMQP", "ServerTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StockCommandsTests",
            dependencies: [
                "Access", "AuthenticationTesting", "Inventory", "InventoryContract", "InventoryTesting", "JSON",
                "LedgerTesting", "SQLiteLedger", "ServerTesting", "StockCommands",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RabbitMQTests",
            dependencies: [
                "AMQP", "Access", "EventTesting", "Inventory", "InventoryContract", "InventoryTesting", "JSON",
                "LedgerTesting", "Postgres", "PostgresLedger", "RabbitMQ", "ServerTesting", "StockCommands",
                "StockEvents",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "KafkaTesting",
            dependencies: ["CRdKafka", "Inventory", "Kafka", .product(name: "Logging", package: "swift-log")],
            path: "Tests/KafkaTesting",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "KafkaTests",
            dependencies: [
                "Access", "EventTesting", "Inventory", "InventoryContract", "InventoryTesting", "JSON", "Kafka",
                "KafkaTesting", "LedgerTesting", "Postgres", "PostgresLedger", "ServerTesting", "StockCommands",
                "StockEvents",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StockCacheTests",
            dependencies: [
                "Inventory", "InventoryTesting", "LedgerTesting", "Postgres", "PostgresLedger", "Redis",
                "ServerTesting", "StockCache",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "AuthenticationTesting",
            dependencies: [
                "Authentication",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/AuthenticationTesting",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StockFilesTests",
            dependencies: [
                "Inventory", "InventoryTesting", "LedgerTesting", "PostgresLedger", "StockFiles",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StockEventsTests",
            dependencies: [
                "Basics", "Inventory", "InventoryTesting", "JSON", "LedgerTesting", "SQLiteLedger", "ServerTesting",
                "StockEvents",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Access", "Inventory", "InventoryTesting", "JSON", "LedgerTesting", "PostgresLedger", "RateLimiting",
                "SQLiteLedger", "ServerTesting", "StockEvents", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "KhataDemoTests",
            dependencies: ["Inventory", "LedgerTesting", "SQLiteLedger", "StockFiles", "khata-demo"],
            swiftSettings: swiftSettings),
        .testTarget(name: "AccessTests", dependencies: ["Access"], swiftSettings: swiftSettings),
        .testTarget(
            name: "AuthenticationTests",
            dependencies: [
                "Access", "Authentication", "AuthenticationTesting", "Basics", "Inventory", "RateLimiting",
                "ServerTesting",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RateLimitingTests", dependencies: ["Access", "RateLimiting"], swiftSettings: swiftSettings),
        .testTarget(
            name: "KhataTests",
            dependencies: [
                "Access", "Authentication", "AuthenticationTesting", "EventTesting", "Inventory", "InventoryHTTP",
                "InventoryTesting", "KafkaTesting", "LedgerTesting", "Postgres", "PostgresLedger", "Prometheus",
                "RateLimiting", "Redis",
                "SQLiteLedger",
                "ServerTesting", "StockCache", "khata",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "InventoryHTTPTests",
            dependencies: [
                "Access", "Authentication", "AuthenticationTesting", "Inventory", "InventoryContract", "InventoryHTTP",
                "JSON", "LedgerTesting", "Postgres", "PostgresLedger", "Prometheus", "RateLimiting", "Redis",
                "ServerTesting", "AMQP", "RabbitMQ", "StockCache", "StockCommands", "StockEvents", "Webhooks",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        // What ops/fuzz runs under libFuzzer; as a test, with what it found.
        .testTarget(
            name: "Fuzz",
            dependencies: [
                "AMQP", "Access", "Authentication", "CLibPQ", "Inventory", "InventoryHTTP", "JSON", "Postgres",
                "Prometheus", "RateLimiting", "Redis", "StockCache", "StockEvents", "StockFiles", "Webhooks", "khata",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            path: "Tests/Fuzz",
            exclude: ["Seeds"],
            swiftSettings: swiftSettings),
    ]
)

// For ops/fuzz, which names libFuzzer's archive: the only test, with libFuzzer's instrumentation in everything of ours. The
// programs are linked without it, and cannot run.
if let libFuzzer = Context.environment["KHATA_FUZZING"] {
    package.targets.removeAll { $0.type == .test && $0.name != "Fuzz" }
    for target in package.targets where target.type != .system {
        target.swiftSettings? += [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]), .define("FUZZING")]
        target.linkerSettings =
            switch target.type {
            case .test: [.unsafeFlags(["-sanitize=address", libFuzzer, "-lstdc++"])]
            case .executable: [.unsafeFlags(["-Xlinker", "--unresolved-symbols=ignore-all"])]
            default: nil
            }
    }
}
