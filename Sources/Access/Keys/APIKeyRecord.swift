public import Inventory
public import JSON

/// The sequence number of an API key, in the order of creation: its place in the list.
public struct APIKeyNumber: LedgerNumber {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// An API key to be stored.
public struct NewAPIKey: Sendable {
    public let id: String
    public let name: String
    public let grant: Grant
    /// SHA-256 of the secret, which is random and long, so a slow hash would add nothing.
    public let secretHash: [UInt8]
    public let expiresAt: Timestamp?

    public init(_ key: APIKey, name: String, grant: Grant, expiresAt: Timestamp? = nil) {
        id = key.id
        self.name = name
        self.grant = grant
        secretHash = key.secretHash
        self.expiresAt = expiresAt
    }
}

/// An API key as it is stored: without its secret.
public struct APIKeyRecord: Hashable, Sendable {
    public let id: String
    public let number: APIKeyNumber
    public var name: String
    public var grant: Grant
    public var secretHash: [UInt8]
    public let createdAt: Timestamp
    public var expiresAt: Timestamp?
    /// Written about once an hour: the last use may have been later.
    public let lastUsedAt: Timestamp?
    public var revokedAt: Timestamp?

    public init(
        id: String, number: APIKeyNumber, name: String, grant: Grant, secretHash: [UInt8], createdAt: Timestamp,
        expiresAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.number = number
        self.name = name
        self.grant = grant
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}

extension APIKeyRecord {
    /// A new key; the store gives it its number.
    package init(_ key: NewAPIKey, createdAt: Timestamp) {
        self.init(
            id: key.id, number: APIKeyNumber(rawValue: 0), name: key.name, grant: key.grant,
            secretHash: key.secretHash, createdAt: createdAt, expiresAt: key.expiresAt)
    }
}

extension JSONWriter {
    /// Writes an API key without its secret; with `key`, the key itself too.
    public mutating func value(_ record: APIKeyRecord, with key: APIKey? = nil) {
        openObject()
        field("id", record.id)
        field("name", record.name)
        record.grant.write(to: &self)
        field("created_at", record.createdAt)
        nullableField("expires_at", record.expiresAt?.description)
        nullableField("last_used_at", record.lastUsedAt?.description)
        nullableField("revoked_at", record.revokedAt?.description)
        if let key { field("key", key.token) }
        closeObject()
    }
}

extension Grant {
    func write<Output>(to json: inout JSONWriter<Output>) {
        json.field("role", role.rawValue)
        json.key("stores")
        if let stores = scope.stores {
            json.openArray()
            for store in stores { json.value(store.rawValue) }
            json.closeArray()
        } else {
            json.null()
        }
        json.nullableField("reads_per_second", rates.readsPerSecond)
        json.nullableField("writes_per_second", rates.writesPerSecond)
    }
}

extension JSONWriter {
    fileprivate mutating func nullableField(_ key: StaticString, _ number: Int?) {
        self.key(key)
        if let number { value(Int64(number)) } else { null() }
    }
}
