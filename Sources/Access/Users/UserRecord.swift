public import Inventory
public import JSON

/// The name of a user: 1 to 64 of `a`–`z`, `0`–`9`, `.`, `_` and `-`.
public struct UserName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        description = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A user to be stored.
public struct NewUser: Sendable {
    public let name: UserName
    public let passwordHash: PasswordHash
    public let grant: Grant

    public init(name: UserName, passwordHash: PasswordHash, grant: Grant) {
        self.name = name
        self.passwordHash = passwordHash
        self.grant = grant
    }
}

/// A user as stored: without the password.
public struct UserRecord: Hashable, Sendable {
    public let name: UserName
    /// In the PHC string format, perhaps with another cost than ours.
    public var passwordHash: String
    public var grant: Grant
    public let createdAt: Timestamp
    public var disabledAt: Timestamp?

    public init(
        name: UserName, passwordHash: String, grant: Grant, createdAt: Timestamp, disabledAt: Timestamp? = nil
    ) {
        self.name = name
        self.passwordHash = passwordHash
        self.grant = grant
        self.createdAt = createdAt
        self.disabledAt = disabledAt
    }
}

extension UserRecord {
    package init(_ user: NewUser, createdAt: Timestamp) {
        self.init(
            name: user.name, passwordHash: user.passwordHash.description, grant: user.grant, createdAt: createdAt)
    }
}

extension JSONWriter {
    /// Writes a user without their password.
    public mutating func value(_ user: UserRecord) {
        openObject()
        field("name", user.name.description)
        user.grant.write(to: &self)
        field("created_at", user.createdAt)
        nullableField("disabled_at", user.disabledAt?.description)
        closeObject()
    }
}
