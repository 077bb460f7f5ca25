import Foundation
import InventoryHTTP
import Testing

@testable import InventoryHTTP

@Suite("Certificate")
struct ServerCertificateTests {
    @Test("files that cannot be used are refused, and it is said which")
    func invalid() async throws {
        try await TestCertificate.with { one in
            try await TestCertificate.with { other in
                let paths = [one.paths.certificate, one.paths.key, other.paths.key, "/nowhere", "/etc/hosts", "/"]
                for (certificate, key, fault) in [
                    (3, 1, "/nowhere cannot be read"), (0, 3, "/nowhere cannot be read"), (5, 1, "/ cannot be read"),
                    (4, 1, "/etc/hosts is not a certificate in PEM"),
                    (0, 4, "/etc/hosts is not a private key in PEM, without a passphrase"),
                    (1, 1, "\(one.paths.key) is not a certificate in PEM"),
                    (0, 0, "\(one.paths.certificate) is not a private key in PEM, without a passphrase"),
                    (0, 2, "\(other.paths.key) is not the key of \(one.paths.certificate)"),
                ] {
                    let error = #expect(throws: InvalidCertificate.self) {
                        _ = try ServerCertificate(CertificateFiles(certificate: paths[certificate], key: paths[key]))
                    }
                    #expect(error?.description == fault)
                }
            }
        }
    }

    @Test("the certificate ends when it says")
    func expiry() async throws {
        try await TestCertificate.with { files in
            let left = try ServerCertificate(files.paths).expiry - Int64(Date().timeIntervalSince1970)
            #expect((86_000...86_400).contains(left))
        }
    }

    @Test("a broken renewal is told of once, and leaves the old certificate in force")
    func renewal() async throws {
        try await TestCertificate.with { files in
            try await TestCertificate.with { new in
                let certificate = try ServerCertificate(files.paths)
                let context = certificate.context
                #expect(try !certificate.renew())

                // Renewed in two steps: between them, the files do not fit.
                try files.replace(certificate: String(contentsOfFile: new.paths.certificate, encoding: .utf8))
                #expect(throws: InvalidCertificate.self) { _ = try certificate.renew() }
                #expect(try !certificate.renew())
                #expect(certificate.context === context)

                try files.replace(by: new)
                #expect(try certificate.renew())
                #expect(certificate.context !== context)

                try FileManager.default.removeItem(atPath: files.paths.key)
                #expect(throws: InvalidCertificate.self) { _ = try certificate.renew() }
                #expect(try !certificate.renew())
            }
        }
    }
}
