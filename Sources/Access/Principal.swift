/// Who sends a request, and what they may do.
public struct Principal: Hashable, Sendable {
    /// As `key:7f3a…`: the actor in the audit log, and the owner of idempotency keys.
    public let id: String
    public let role: Role

    public init(id: String, role: Role) {
        self.id = id
        self.role = role
    }
}
