import Foundation
import LedgerTesting
import Testing

@Suite("khata audit anchor")
struct AnchorTests {
    @Test("signs the ends of ledgers, as OpenSSL verifies it, and no other file is accepted")
    func signature() async throws {
        try await TestFile.withFullShop { shop in
            try await AnchorFiles.with { files in
                let khata = Program(on: shop)
                let anchor = ["audit", "anchor", files.anchor, "--key", files.key]
                let verify = ["audit", "verify", "--heads", files.anchor, "--signed-by"]
                let signed = try await khata.run(anchor)
                #expect(signed.status == 0, "\(signed.errors)")
                let sound = try await khata.run(verify + [files.publicKey])
                #expect(sound.status == 0, "\(sound.errors)")
                #expect(sound.output.contains("ends of ledgers that were kept 6, the last ones at 20"))
                let unchecked = try await khata.run(["audit", "verify", "--heads", files.anchor])
                #expect(
                    unchecked.status == 0 && unchecked.errors.contains("anchor is not checked: name its public key"))
                #expect(try files.opensslVerifies())

                let genuine = try Data(contentsOf: URL(filePath: files.anchor))
                let lines = String(decoding: genuine, as: UTF8.self).split(separator: "\n").map(String.init)
                // Store 1 is left out, or was at another position; or the signature is, or is that of nothing.
                let forgeries: [([String], said: String)] = [
                    (lines.filter { !$0.hasPrefix("1 ") }, "was changed after it was signed"),
                    (lines.map { $0.replacing("1 37 ", with: "1 36 ") }, "was changed after it was signed"),
                    (lines.dropLast(), "has no signature"),
                    (lines.dropLast() + ["# signature: "], "was changed after it was signed"),
                    (lines.dropLast() + ["# signature: !"], "was changed after it was signed"),
                    (lines + ["1 1 1 1"], "was changed after it was signed"),
                ]
                for (forged, said) in forgeries {
                    try Data((forged.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: files.anchor))
                    for command in [verify + [files.publicKey], anchor] {
                        let refused = try await khata.run(command)
                        #expect(refused.status == 1 && refused.errors.contains(said), "\(forged): \(refused.errors)")
                    }
                }
                try genuine.write(to: URL(filePath: files.anchor))
                try await AnchorFiles.with { other in
                    let foreign = try await khata.run(verify + [other.publicKey])
                    #expect(foreign.status == 1 && foreign.errors.contains("or signed with another key"))
                    let over = try await khata.run(["audit", "anchor", files.anchor, "--key", other.key])
                    #expect(over.status == 1 && over.errors.contains("or signed with another key"))
                }
                #expect(try Data(contentsOf: URL(filePath: files.anchor)) == genuine)
            }
        }
    }

    @Test("signs nothing that does not follow from the log")
    func unsound() async throws {
        try await TestFile.withFullShop { shop in
            try await AnchorFiles.with { files in
                let anchor = ["audit", "anchor", files.anchor, "--key", files.key]
                try shop.execute("update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102")
                let refused = try await Program(on: shop).run(anchor)
                #expect(
                    refused.status == 1 && refused.errors.hasSuffix("one thing does not follow from the audit log\n"))
                #expect(!FileManager.default.fileExists(atPath: files.anchor))
            }
        }
    }

    @Test("refuses keys that others can read, or that are none")
    func keys() async throws {
        try await TestFile.withFullShop { shop in
            try await AnchorFiles.with { files in
                let khata = Program(on: shop)
                func expect(_ said: String, _ arguments: [String]) async throws {
                    let refused = try await khata.run(["audit"] + arguments)
                    #expect(refused.status == 1 && refused.errors.contains(said), "\(refused.errors)")
                }
                try await expect("is not an Ed25519 private key", ["anchor", files.anchor, "--key", files.publicKey])
                try await expect("missing.pem cannot be read", ["anchor", files.anchor, "--key", "missing.pem"])
                #expect(try await khata.run(["audit", "anchor", files.anchor, "--key", files.key]).status == 0)
                try await expect(
                    "is not an Ed25519 public key", ["verify", "--heads", files.anchor, "--signed-by", files.key])
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
                try await expect("every user of this machine can read", ["anchor", files.anchor, "--key", files.key])
                let unused = try await khata.run(["audit", "verify", "--signed-by", files.publicKey])
                #expect(unused.status == 2)
            }
        }
    }
}

/// A pair of keys as OpenSSL makes them, and the path of an anchor, in a folder.
struct AnchorFiles {
    private let folder: URL

    var key: String { path("anchor.pem") }
    var publicKey: String { path("anchor.pub") }
    var anchor: String { path("anchor") }

    private func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    static func with<T>(_ body: (AnchorFiles) async throws -> T) async throws -> T {
        let files = AnchorFiles(
            folder: FileManager.default.temporaryDirectory.appending(path: "khata-test-anchor-\(UUID())"))
        try FileManager.default.createDirectory(at: files.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files.folder) }
        try #require(try files.run("openssl genpkey -algorithm ed25519 -out anchor.pem"))
        try #require(try files.run("openssl pkey -in anchor.pem -pubout -out anchor.pub"))
        return try await body(files)
    }

    /// As docs/operations.md says how.
    func opensslVerifies() throws -> Bool {
        try run(
            """
            sed '/^# signature: /d' anchor > anchor.signed &&
            sed -n 's/^# signature: //p' anchor | base64 -d > anchor.signature &&
            openssl pkeyutl -verify -pubin -inkey anchor.pub -rawin -in anchor.signed -sigfile anchor.signature
            """)
    }

    private func run(_ command: String) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
