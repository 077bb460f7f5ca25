import Crypto
package import Inventory
public import JSON

/// A key, user or webhook, as the log of keys and users has it: an entry for each change, with the whole state after it. The last
/// entry about each must be what is stored, which `khata audit verify` checks.
public protocol AuditedCredential: Hashable, Sendable {
    /// The id of its principal, such as `key:7f3a…` or `user:ana`.
    var subject: String { get }
    /// Writes the fields besides the subject: all of its state but the time of its last use. Secrets are only digests.
    /// Adding a field keeps old entries valid, because a field that an entry lacks counts as null.
    func writeAudited(to json: inout JSONWriter<[UInt8]>)
}

extension AuditedCredential {
    /// The detail of an entry in the log.
    public var auditDetail: String {
        String(json: { json in
            json.openObject()
            json.field("subject", subject)
            writeAudited(to: &json)
            json.closeObject()
        })
    }
}

extension LedgerHead {
    /// Chains the entry about a changed key or user to the log's last one.
    /// - Parameter now: The time of the change.
    package mutating func append(
        _ action: AuditAction, _ changed: some AuditedCredential, _ context: CommandContext, at now: Timestamp
    ) -> AuditEntry {
        append(action, detail: changed.auditDetail, context, at: now)
    }
}

extension APIKeyRecord: AuditedCredential {
    public var subject: String { "key:\(id)" }

    public func writeAudited(to json: inout JSONWriter<[UInt8]>) {
        json.field("name", name)
        grant.write(to: &json)
        json.field("secret_digest", digest(secretHash))
        json.field("created_at", createdAt)
        json.nullableField("expires_at", expiresAt)
        json.nullableField("revoked_at", revokedAt)
    }
}

extension UserRecord: AuditedCredential {
    public var subject: String { "user:\(name)" }

    public func writeAudited(to json: inout JSONWriter<[UInt8]>) {
        grant.write(to: &json)
        json.field("secret_digest", digest(Array(passwordHash.utf8)))
        json.field("created_at", createdAt)
        json.nullableField("disabled_at", disabledAt)
    }
}

/// SHA-256, in hexadecimal. The log is kept for good: without the salt, which is not in it either, an old password cannot
/// be guessed from it.
func digest(_ secret: [UInt8]) -> String {
    AuditHash(bytes: Array(SHA256.hash(data: secret))).description
}

extension StoredCredentials {
    package init(
        end: LedgerHead, in history: History, _ keys: [APIKeyRecord], _ users: [UserRecord], _ webhooks: [WebhookRecord]
    ) {
        let all: [any AuditedCredential] = keys + users + webhooks
        self.init(
            end: end, in: history,
            details: Dictionary(all.map { ($0.subject, $0.auditDetail) }, uniquingKeysWith: { $1 }))
    }
}
