import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The PEM files of a server's certificate and its private key. The certificate may be followed by its intermediate
/// certificates.
public struct CertificateFiles: Sendable {
    public let certificate: String
    public let key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// The files cannot be used; the description says which, and why.
public struct InvalidCertificate: Error, Equatable, CustomStringConvertible {
    public let description: String
}

/// The current certificate. It may be renewed while the server runs: new connections get the new one.
public final class ServerCertificate: Sendable {
    private struct State {
        /// What was last read, whether or not it was usable.
        var read: Result<Contents, InvalidCertificate>
        var inForce: InForce
    }

    private struct Contents: Equatable {
        let certificate: [UInt8]
        let key: [UInt8]
    }

    private struct InForce {
        let context: NIOSSLContext
        let expiry: Int64
    }

    private let files: CertificateFiles
    private let state: Mutex<State>

    /// Reads the files.
    public init(_ files: CertificateFiles) throws(InvalidCertificate) {
        self.files = files
        let contents = try Self.read(files)
        let inForce = try Self.inForce(contents, files)
        state = Mutex(State(read: .success(contents), inForce: inForce))
    }

    /// For new connections.
    var context: NIOSSLContext { state.withLock(\.inForce.context) }

    /// When the certificate expires, in seconds since 1970.
    public var expiry: Int64 { state.withLock(\.inForce.expiry) }

    /// Reloads the files if they have changed.
    /// - Returns: Whether there is a new certificate.
    /// - Throws: What is wrong with the files, once each time they change; the old certificate stays in use.
    func renew() throws(InvalidCertificate) -> Bool {
        let read = Result { () throws(InvalidCertificate) in try Self.read(files) }
        let isNew = state.withLock { state in
            defer { state.read = read }
            return state.read != read
        }
        guard isNew else { return false }
        let inForce = try Self.inForce(try read.get(), files)
        state.withLock { $0.inForce = inForce }
        return true
    }

    private static func read(_ files: CertificateFiles) throws(InvalidCertificate) -> Contents {
        Contents(certificate: try read(files.certificate), key: try read(files.key))
    }

    private static func read(_ path: String) throws(InvalidCertificate) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw InvalidCertificate(description: "\(path) cannot be read")
        }
    }

    private static func inForce(_ contents: Contents, _ files: CertificateFiles) throws(InvalidCertificate) -> InForce {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(contents.certificate), let leaf = chain.first else {
            throw InvalidCertificate(description: "\(files.certificate) is not a certificate in PEM")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: contents.key, format: .pem) else {
            throw InvalidCertificate(description: "\(files.key) is not a private key in PEM, without a passphrase")
        }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        // For TLS 1.2, which is used where a client lacks 1.3 (RFC 9325, section 4.2): forward secrecy, and no CBC.
        tls.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        tls.applicationProtocols = ["http/1.1"]
        guard let context = try? NIOSSLContext(configuration: tls) else {
            throw InvalidCertificate(description: "\(files.key) is not the key of \(files.certificate)")
        }
        return InForce(context: context, expiry: Int64(leaf.notValidAfter))
    }
}
