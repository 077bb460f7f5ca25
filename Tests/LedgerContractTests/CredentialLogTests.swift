import Inventory
import LedgerTesting
import Testing

@testable import Access
@testable import Authentication

@Suite("The log of keys and users")
struct CredentialLogTests {
    @Test("has each change with its author, and the state after it", arguments: StorageUnderTest.allCases)
    func changes(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let key = APIKey.generate()
            let ana = try #require(UserName("ana"))
            let cost = try #require(ScryptCost(ln: 4, r: 1, p: 1))
            let hash = PasswordHash(of: try #require(Password(new: "correct horse")), cost: cost)
            _ = try await ledger.addAPIKey(
                NewAPIKey(key, name: "till", grant: Grant(role: .clerk)), .testing(actor: "key:boss"))
            _ = try await ledger.addUser(
                NewUser(name: ana, passwordHash: hash, grant: Grant(role: .reader)), .testing(actor: "cli:root"))
            try await ledger.revokeAPIKey(key.id, .testing(actor: "user:ana"))
            let promoted = try await ledger.changeUser(ana, .userDisabled, .testing(actor: "cli:root")) { user, now in
                user.grant = Grant(role: .admin)
                user.disabledAt = now
            }
            // What changes nothing.
            try await ledger.revokeAPIKey(key.id, .testing())
            try await ledger.disableUser(ana, .testing())
            try await ledger.noteUses([key.id: .now])
            await #expect(throws: LedgerError.self) { try await ledger.revokeAPIKey("000000000000", .testing()) }

            let page = try await ledger.credentialLog(after: .zero, limit: 10)
            #expect(page.isLast && page.end == Position(rawValue: 4))
            let entries = page.entries
            #expect(entries.map(\.action) == [.keyCreated, .userCreated, .keyRevoked, .userDisabled])
            #expect(entries.map(\.actor) == ["key:boss", "cli:root", "user:ana", "cli:root"])
            #expect(entries.map(\.subject) == ["key:\(key.id)", "user:ana", "key:\(key.id)", "user:ana"])
            #expect(entries.last?.recordedAt == promoted.disabledAt)
            #expect(entries.last?.detail.contains(#""role":"admin""#) == true)
            #expect(entries.allSatisfy { !$0.detail.contains("scrypt") })
            #expect(try await ledger.credentialLog(after: Position(rawValue: 3), limit: 1).entries == [entries[3]])

            let finding = try await LedgerVerification(ledger).verify(.credentials)
            #expect(finding.differences.first == [] && finding.credentials == 2)
            #expect(finding.head?.hash == entries.last?.hash)
        }
    }

    @Test("takes changes made at once one after the other", arguments: StorageUnderTest.allCases)
    func concurrency(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            await withTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let key = NewAPIKey(APIKey.generate(), name: "\(number)", grant: Grant(role: .reader))
                        await #expect(throws: Never.self) { _ = try await ledger.addAPIKey(key) }
                    }
                }
            }
            let finding = try await LedgerVerification(ledger).verify(.credentials)
            #expect(finding.differences.first == [] && finding.head?.position == Position(rawValue: 20))
        }
    }
}
