import Access
import Authentication
import AuthenticationTesting
import Foundation
import Inventory
import LedgerTesting
import NIOHTTP1
import PostgresLedger
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Passwords")
    struct Passwords {
        private static let (old, new) = ("correct horse", "battery staple")

        @Test("a user replaces their own password, whatever their role and stores")
        func change() async throws {
            let log = CollectedLog()
            try await LiveServer.with(.init(logger: log.logger)) { server in
                try await server.makeUser("ana", Self.old, Grant(role: .reader, scope: .only([StoreID(rawValue: 1)])))
                #expect(try await put(Self.old, Self.new, server).status == 204)
                try await eventually("the old one is refused") { try await login(Self.old, server) == 401 }
                #expect(try await login(Self.new, server) == 200)
                #expect(log.text.contains("a user's password was set"))
                for word in ["user-password-set", "user:ana"] { #expect(log.text.contains(word)) }
                for secret in [Self.old, Self.new, "$scrypt$"] { #expect(!log.text.contains(secret)) }
                try await server.database.withLedger { ledger in
                    let entry = try await ledger.credentialLog(after: .zero, limit: 100).entries.last
                    #expect(entry?.action == .userPasswordSet && entry?.actor == "user:ana")
                }
            }
        }

        @Test("a password is not replaced by a bad one, nor without the present one, nor by a key")
        func refused() async throws {
            try await LiveServer.with { server in
                try await server.makeUser("ana", Self.old)
                let wrong = try await put("wrong horse!", Self.new, server)
                #expect(wrong.status == 403 && wrong.code == "forbidden")
                for password in ["short", "Password2026!", "ana123456789", "control\\u0007 horse"] {
                    let answer = try await put(Self.old, password, server)
                    #expect(answer.status == 422, "\(password)")
                    #expect(answer.pointers == ["/new_password"])
                }
                let body = #"{"current_password": "correct horse", "new_password": "battery staple"}"#
                #expect(try await server.send(.PUT, "/password", body).status == 403, "of a key")
                #expect(try await login(Self.old, server) == 200)
                #expect(try await login(Self.new, server) == 401)
            }
        }

        @Test("a password that was just reset cannot undo that, although it is remembered for some seconds")
        func reset() async throws {
            try await LiveServer.with { server in
                try await server.makeUser("ana", Self.old)
                let hash = try await PasswordHasher.cheap.hash(try #require(Password(new: "reset by the boss")))
                #expect(try await login(Self.old, server) == 200)
                try await server.change { try await $0.setPassword(of: try #require(UserName("ana")), to: hash, $1) }
                // 401 on a machine on which five seconds have passed.
                #expect([401, 403].contains(try await put(Self.old, Self.new, server).status))
                #expect(try await login("reset by the boss", server) == 200)
                #expect(try await login(Self.new, server) == 401)
            }
        }

        private func login(_ password: String, _ server: LiveServer) async throws -> Int {
            try await server.get("/stores", as: nil, headers: basic(password)).status
        }

        private func put(_ old: String, _ new: String, _ server: LiveServer) async throws -> Answer {
            try await server.send(
                .PUT, "/password", #"{"current_password": "\#(old)", "new_password": "\#(new)"}"#, as: nil,
                headers: basic(Self.old))
        }

        private func basic(_ password: String) -> [(String, String)] {
            [("Authorization", "Basic " + Data("ana:\(password)".utf8).base64EncodedString())]
        }
    }
}
