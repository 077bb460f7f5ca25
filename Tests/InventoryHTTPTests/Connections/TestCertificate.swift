import Foundation
import InventoryHTTP
import NIOSSL

/// A self-signed certificate for `localhost`, in files.
struct TestCertificate: Sendable {
    let paths: CertificateFiles
    let certificates: [NIOSSLCertificate]

    /// The kind of its key, as ciphers are named for it.
    enum Key: String, CaseIterable {
        case ecdsa = "ECDSA"
        case rsa = "RSA"

        fileprivate var options: [String] {
            switch self {
            case .ecdsa: ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
            case .rsa: ["rsa:2048"]
            }
        }
    }

    /// Makes one with openssl, lends it and removes its files.
    static func with<T>(_ key: Key = .ecdsa, _ body: (TestCertificate) async throws -> T) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appending(path: "khata-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(try TestCertificate(in: folder, key))
    }

    private init(in folder: URL, _ key: Key) throws {
        paths = CertificateFiles(
            certificate: folder.appending(path: "certificate.pem").path, key: folder.appending(path: "key.pem").path)
        _ = try openssl(
            ["req", "-x509", "-nodes", "-days", "1", "-newkey"] + key.options
                + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
                + ["-out", paths.certificate, "-keyout", paths.key])
        guard FileManager.default.fileExists(atPath: paths.certificate) else { throw NoCertificate() }
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

/// Runs openssl, without input.
/// - Returns: What it prints, errors too.
func openssl(_ arguments: [String]) throws -> String {
    let (openssl, output) = (Process(), Pipe())
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = ["openssl"] + arguments
    openssl.standardInput = FileHandle.nullDevice
    (openssl.standardOutput, openssl.standardError) = (output, output)
    try openssl.run()
    let bytes = try output.fileHandleForReading.readToEnd()
    openssl.waitUntilExit()
    return String(decoding: bytes ?? Data(), as: UTF8.self)
}
