import ArgumentParser
import Crypto
import Inventory

extension AuditCommand {
    struct Anchor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies the audit log, and writes the signed ends of all ledgers to a file.",
            discussion: """
                Nothing is signed if anything is wrong. Keep copies of the file where those who can change the ledgers \
                cannot change it; khata audit verify --heads FILE --signed-by PUBLIC then reports whatever of it is gone \
                or was changed. If the file is there already, it has to be signed with the same key, and is compared with \
                first.

                To make a key, and the public key that verifies its signatures:
                  openssl genpkey -algorithm ed25519 -out anchor.pem
                  openssl pkey -in anchor.pem -pubout -out anchor.pub
                """)

        @Argument(help: "The file to write.", completion: .file())
        var file: String

        @Option(
            help: ArgumentHelp("The Ed25519 private key that signs (PEM).", valueName: "file"), completion: .file())
        var key: String

        @OptionGroup var options: ShopOptions

        func run() async throws {
            let key = try AnchorKey.privateKey(key)
            let file = HeadsFile(path: file)
            let known = file.exists ? try file.read(signedBy: key.publicKey) : []
            let report = try await VerificationRun.report(on: try await options.shop(), heads: known)
            try file.write(report.heads, signedBy: key)
        }
    }
}
