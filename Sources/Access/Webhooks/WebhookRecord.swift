public import Inventory
public import JSON

/// A receiver of events over HTTP, as it is stored. Its id is that of its subscription.
public struct WebhookRecord: Hashable, Sendable {
    /// A secret that signs: the newest one, and those that it replaced, for some time.
    public struct Secret: Hashable, Sendable {
        public let secret: WebhookSecret
        public var validUntil: Timestamp?

        public init(_ secret: WebhookSecret, validUntil: Timestamp? = nil) {
            self.secret = secret
            self.validUntil = validUntil
        }
    }

    /// That somebody wanted a store's events again.
    public struct Replay: Hashable, Sendable {
        public let storeID: StoreID
        /// The events after this position.
        public let after: Position
        public let at: Timestamp

        public init(storeID: StoreID, after position: Position, at time: Timestamp) {
            self.storeID = storeID
            after = position
            at = time
        }
    }

    /// Twelve hexadecimal digits.
    public let id: String
    public let url: String
    /// The catalog's events are among all.
    public let scope: StoreScope
    /// The types of events; `nil` for all.
    public let types: [String]?
    /// The newest first.
    public var secrets: [Secret]
    public let createdAt: Timestamp
    public var disabledAt: Timestamp?
    public var disabledReason: String?
    public var replayed: Replay?
    public var deletedAt: Timestamp?

    /// How many webhooks there may be.
    public static let maximum = 100
    /// How many secrets sign at a time.
    public static let maximumSecrets = 5

    public init(
        id: String, url: String, scope: StoreScope, types: [String]?, secrets: [Secret], createdAt: Timestamp
    ) {
        self.id = id
        self.url = url
        self.scope = scope
        self.types = types
        self.secrets = secrets
        self.createdAt = createdAt
    }

    public static func newID() -> String { APIKey.newID() }

    /// Whether a webhook may have this id.
    public static func isID(_ text: some StringProtocol) -> Bool { APIKey.isID(text) }

    public var subscriptionID: SubscriptionID { SubscriptionID(id) }

    /// Whether it receives events.
    public var isActive: Bool { disabledAt == nil && deletedAt == nil }

    /// The secrets that sign at a time.
    public func secrets(at now: Timestamp) -> [WebhookSecret] {
        secrets.filter { $0.validUntil.map { $0 > now } ?? true }.map(\.secret)
    }
}

extension WebhookRecord {
    /// Replaces the secret; the old one signs along for some time.
    public mutating func rotate(to secret: WebhookSecret, overlap: Duration, at now: Timestamp) {
        let end = Timestamp(microseconds: now.microseconds + overlap.components.seconds * 1_000_000)
        for index in secrets.indices { secrets[index].validUntil = min(secrets[index].validUntil ?? .latest, end) }
        secrets.removeAll { $0.validUntil.map { $0 <= now } ?? false }
        secrets = [Secret(secret)] + secrets.prefix(Self.maximumSecrets - 1)
    }

    /// Nothing is sent any more, so nothing is signed.
    public mutating func delete(at now: Timestamp) {
        deletedAt = deletedAt ?? now
        secrets = []
    }
}

extension WebhookRecord: AuditedCredential {
    public var subject: String { "webhook:\(id)" }

    public func writeAudited(to json: inout JSONWriter<[UInt8]>) {
        write(to: &json) { json, secret in json.field("secret_digest", digest(secret.bytes)) }
    }

    /// How it is stored: with its secrets, which have to sign.
    package var definition: String {
        String(json: { json in
            json.openObject()
            write(to: &json) { json, secret in json.field("secret", secret.text) }
            json.closeObject()
        })
    }

    /// - Parameter definition: As ``definition`` returned it.
    package init(id: String, definition: String) throws {
        let fields = try ObjectFields(JSONParser.parse(Array(definition.utf8)))
        try self.init(
            id: id, url: fields.text("url"),
            scope: fields.optionalArray("stores").map { stores in
                .only(
                    Set(
                        try stores.map {
                            guard case .integer(let store) = $0 else { throw UnreadableData("a store is no integer") }
                            return StoreID(rawValue: store)
                        }))
            } ?? .all,
            types: fields.optionalArray("types")?.map {
                guard case .text(let type) = $0 else { throw UnreadableData("a type is no text") }
                return type
            },
            secrets: fields.objects("secrets").map { fields in
                guard let secret = WebhookSecret(try fields.text("secret")) else {
                    throw UnreadableData("a secret of a webhook is none")
                }
                return Secret(secret, validUntil: try fields.optionalTime("valid_until"))
            }, createdAt: fields.time("created_at"))
        disabledAt = try fields.optionalTime("disabled_at")
        disabledReason = try fields.optionalText("disabled_reason")
        deletedAt = try fields.optionalTime("deleted_at")
        if fields["replayed"] != nil {
            let replay = try fields.object("replayed")
            replayed = Replay(
                storeID: try replay.number("store_id"), after: try replay.number("after"), at: try replay.time("at"))
        }
    }

    private func write(
        to json: inout JSONWriter<[UInt8]>, _ writeSecret: (inout JSONWriter<[UInt8]>, WebhookSecret) -> Void
    ) {
        writeShape(to: &json)
        json.key("secrets")
        json.openArray()
        for secret in secrets {
            json.openObject()
            writeSecret(&json, secret.secret)
            json.nullableField("valid_until", secret.validUntil)
            json.closeObject()
        }
        json.closeArray()
        json.key("replayed")
        if let replayed {
            json.openObject()
            json.field("store_id", replayed.storeID)
            json.field("after", replayed.after)
            json.field("at", replayed.at)
            json.closeObject()
        } else {
            json.null()
        }
        json.nullableField("deleted_at", deletedAt)
    }

    /// What everybody who manages webhooks may see, besides the id.
    fileprivate func writeShape<Output>(to json: inout JSONWriter<Output>) {
        json.field("url", url)
        json.key("stores")
        json.nullableArray(scope.stores) { json, store in json.value(store.rawValue) }
        json.key("types")
        json.nullableArray(types) { json, type in json.value(type) }
        json.field("created_at", createdAt)
        json.nullableField("disabled_at", disabledAt)
        json.nullableField("disabled_reason", disabledReason)
    }
}

extension JSONWriter {
    /// Writes a webhook without its secrets; with `secret`, the new one too; with `deliveries` or `delivery`, how far it is in
    /// each store, or in all.
    public mutating func value(
        _ record: WebhookRecord, with secret: WebhookSecret? = nil, deliveries: [DeliveryState]? = nil,
        delivery: DeliverySummary? = nil
    ) {
        openObject()
        field("id", record.id)
        record.writeShape(to: &self)
        if let secret { field("secret", secret.text) }
        if let delivery {
            key("delivery")
            value(delivery)
        }
        if let deliveries {
            key("deliveries")
            openArray()
            for state in deliveries { value(state) }
            closeArray()
        }
        closeObject()
    }

    fileprivate mutating func nullableArray<Element>(_ elements: [Element]?, _ write: (inout Self, Element) -> Void) {
        guard let elements else { return null() }
        openArray()
        for element in elements { write(&self, element) }
        closeArray()
    }
}

extension ObjectFields {
    fileprivate func optionalArray(_ name: String) throws(UnreadableData) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw UnreadableData("\(name) is not an array") }
        return elements
    }
}
