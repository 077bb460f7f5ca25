import Inventory
import LedgerTesting
import Testing

@testable import Access
@testable import Authentication

@Suite("Keys and users")
struct CredentialTests {
    private static let limited = Grant(
        role: .clerk, scope: .only([StoreID(rawValue: 2), StoreID(rawValue: 1)]),
        rates: RateOverrides(readsPerSecond: 5, writesPerSecond: 7))

    @Test("a key is found as it was stored, without its secret", arguments: StorageUnderTest.allCases)
    func key(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let (key, other) = (APIKey.generate(), APIKey.generate())
            let expiry = Timestamp("2100-01-01T00:00:00.123456Z")
            let added = try await ledger.addAPIKey(
                NewAPIKey(key, name: "till 3", grant: Self.limited, expiresAt: expiry))
            _ = try await ledger.addAPIKey(NewAPIKey(other, name: "b", grant: Grant(role: .admin)))
            let found = try #require(try await ledger.apiKey(key.id))
            for record in [added, found] {
                #expect(record.id == key.id)
                #expect(record.name == "till 3")
                #expect(record.grant == Self.limited)
                #expect(record.secretHash == key.secretHash)
                #expect(record.expiresAt == expiry)
                #expect(record.lastUsedAt == nil && record.revokedAt == nil)
            }
            #expect(try await ledger.apiKey(other.id)?.grant == Grant(role: .admin))
            #expect(try await ledger.apiKey("000000000000") == nil)
        }
    }

    @Test("keys are listed page by page in the order in which they were made", arguments: StorageUnderTest.allCases)
    func list(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            #expect(try await ledger.apiKeys(after: nil, limit: 2).items.isEmpty)
            let keys = (0..<5).map { _ in APIKey.generate() }
            for key in keys {
                _ = try await ledger.addAPIKey(NewAPIKey(key, name: "a", grant: Grant(role: .reader)))
            }
            var ids: [String] = []
            var after: APIKeyNumber?
            repeat {
                let page = try await ledger.apiKeys(after: after, limit: 2)
                #expect((1...2).contains(page.items.count))
                ids += page.items.map(\.id)
                after = page.next
            } while after != nil
            #expect(ids == keys.map(\.id))
        }
    }

    @Test(
        "a revoked key stays revoked as of the first time; an unknown one cannot be",
        arguments: StorageUnderTest.allCases)
    func revoke(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let key = APIKey.generate()
            _ = try await ledger.addAPIKey(NewAPIKey(key, name: "a", grant: Grant(role: .reader)))
            try await ledger.revokeAPIKey(key.id)
            let first = try #require(try await ledger.apiKey(key.id)?.revokedAt)
            try await ledger.revokeAPIKey(key.id)
            #expect(try await ledger.apiKey(key.id)?.revokedAt == first)
            await #expect {
                try await ledger.revokeAPIKey("000000000000")
            } throws: { error in
                if case LedgerError.notFound = error { true } else { false }
            }
        }
    }

    @Test(
        "of four rotations of a key at once, one succeeds, and the others change nothing",
        arguments: StorageUnderTest.allCases)
    func rotations(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            // The second expires before the overlap is over.
            for expiry in [nil, Timestamp(microseconds: Timestamp.now.microseconds + 60_000_000)] {
                let new = NewAPIKey(APIKey.generate(), name: "till", grant: Self.limited, expiresAt: expiry)
                let old = try await ledger.addAPIKey(new)
                // Is no change.
                try await ledger.noteUses([old.id: .now])
                let rotated = await withTaskGroup(of: APIKeyRecord?.self) { group in
                    for _ in 0..<4 { group.addTask { await rotate(old, ledger) } }
                    return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
                }
                #expect(rotated.count == 1)
                #expect(rotated.first?.name == "till" && rotated.first?.grant == Self.limited)
                let end = try #require(try await ledger.apiKey(old.id)?.expiresAt)
                #expect(end < expiry ?? Timestamp(microseconds: Timestamp.now.microseconds + 3_600_000_001))
                #expect(end > .now)
            }
            #expect(try await ledger.apiKeys(after: nil, limit: 10).items.count == 4)
            let log = try await ledger.credentialLog(after: .zero, limit: 10).entries
            let actions: [AuditAction] = [.keyCreated, .keyCreated, .keyRotated]
            #expect(log.map(\.action) == actions + actions)
        }
    }

    /// - Returns: `nil` if the key was changed meanwhile.
    private func rotate(_ old: APIKeyRecord, _ ledger: any CredentialStoring) async -> APIKeyRecord? {
        do throws(LedgerError) {
            return try await ledger.rotateAPIKey(
                old, to: .generate(), expiringAt: nil, overlap: .seconds(3_600),
                CommandContext(actor: "test", requestID: "test"))
        } catch {
            guard case .refused(.preconditionFailed) = error else {
                Issue.record("\(error)")
                return nil
            }
            return nil
        }
    }

    @Test(
        "the last use of a key only moves forward, and keys that are not there do not matter",
        arguments: StorageUnderTest.allCases)
    func uses(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let keys = (0..<2).map { _ in APIKey.generate() }
            for key in keys {
                _ = try await ledger.addAPIKey(NewAPIKey(key, name: "a", grant: Grant(role: .reader)))
            }
            let (early, late) = (Timestamp(microseconds: 1_000_000), Timestamp(microseconds: 2_000_000))
            try await ledger.noteUses([keys[0].id: late, keys[1].id: early, "none": late])
            try await ledger.noteUses([keys[0].id: early, keys[1].id: late])
            for key in keys { #expect(try await ledger.apiKey(key.id)?.lastUsedAt == late) }
            try await ledger.noteUses([:])
        }
    }

    @Test("a password is replaced once, of the user as they were read", arguments: StorageUnderTest.allCases)
    func password(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let cost = try #require(ScryptCost(ln: 4, r: 1, p: 1))
            let hashes = try ["correct horse", "battery staple", "other staples"].map {
                PasswordHash(of: try #require(Password(new: $0)), cost: cost)
            }
            let context = CommandContext(actor: "test", requestID: "test")
            let name = try #require(UserName("ana"))
            let read = try await ledger.addUser(
                NewUser(name: name, passwordHash: hashes[0], grant: Self.limited), context)
            try await ledger.setPassword(of: name, to: hashes[1], replacing: read, context)
            await #expect {
                try await ledger.setPassword(of: name, to: hashes[2], replacing: read, context)
            } throws: { error in
                if case LedgerError.refused(.preconditionFailed) = error { true } else { false }
            }
            #expect(try await ledger.user(name)?.passwordHash == hashes[1].description)
        }
    }

    @Test(
        "a user is found as they were stored, listed by name, and disabled once", arguments: StorageUnderTest.allCases)
    func user(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let cost = try #require(ScryptCost(ln: 4, r: 1, p: 1))
            let hash = PasswordHash(of: try #require(Password(new: "correct horse")), cost: cost)
            for name in ["ben", "ana.b", "ana-c"] {
                let user = NewUser(name: try #require(UserName(name)), passwordHash: hash, grant: Self.limited)
                #expect(try await ledger.addUser(user).grant == Self.limited)
                await #expect {
                    try await ledger.addUser(user)
                } throws: { error in
                    if case LedgerError.refused(.alreadyExists("name")) = error { true } else { false }
                }
            }
            let ben = try #require(UserName("ben"))
            let found = try #require(try await ledger.user(ben))
            #expect(found.name == ben && found.grant == Self.limited && found.disabledAt == nil)
            #expect(found.passwordHash == hash.description)
            #expect(try await ledger.user(try #require(UserName("eve"))) == nil)

            let first = try await ledger.users(after: nil, limit: 2)
            #expect(first.items.map(\.name.description) == ["ana-c", "ana.b"])
            let second = try await ledger.users(after: first.next, limit: 2)
            #expect(second.items.map(\.name) == [ben] && second.next == nil)

            try await ledger.disableUser(ben)
            let disabledAt = try #require(try await ledger.user(ben)?.disabledAt)
            try await ledger.disableUser(ben)
            #expect(try await ledger.user(ben)?.disabledAt == disabledAt)
            await #expect(throws: LedgerError.self) { try await ledger.disableUser(try #require(UserName("eve"))) }
        }
    }
}
