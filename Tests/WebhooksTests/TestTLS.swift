import Foundation
import NIOSSL
import ServerTesting

/// A self-signed certificate for `localhost`.
struct TestTLS {
    let server: NIOSSLContext
    /// For clients that trust it.
    let roots: NIOSSLTrustRoots

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "khata-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try SelfSignedCertificate.make(in: folder)
        let (certificate, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
        let chain = try NIOSSLCertificate.fromPEMFile(certificate)
        roots = .certificates(chain)
        server = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
    }
}
