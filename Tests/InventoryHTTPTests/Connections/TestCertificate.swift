import Foundation
import InventoryHTTP
import NIOSSL

/// A self-signed certificate for `localhost`, in files.
struct TestCertificate: Sendable {
    let paths: CertificateFiles
    let certificates: [NIOSSLCertificate]

    /// Makes one with openssl, lends it and removes its files.
    static func with<T>(_ body: (TestCertificate) async throws -> T) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appending(path: "khata-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(try TestCertificate(in: folder))
    }

    private init(in folder: URL) throws {
        paths = CertificateFiles(
            certificate: folder.appending(path: "certificate.pem").path, key: folder.appending(path: "key.pem").path)
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments =
            ["openssl", "req", "-x509", "-nodes", "-days", "1", "-newkey", "ec", "-pkeyopt"]
            + ["ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            + ["-out", paths.certificate, "-keyout", paths.key]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else { throw NoCertificate() }
        certificates = try NIOSSLCertificate.fromPEMFile(paths.certificate)
    }

    func replace(key: String) throws {
        try key.write(toFile: paths.key, atomically: true, encoding: .utf8)
    }

    func replace(certificate: String) throws {
        try certificate.write(toFile: paths.certificate, atomically: true, encoding: .utf8)
    }

    func replace(by other: TestCertificate) throws {
        try replace(certificate: String(contentsOfFile: other.paths.certificate, encoding: .utf8))
        try replace(key: String(contentsOfFile: other.paths.key, encoding: .utf8))
    }
}

struct NoCertificate: Error {}
