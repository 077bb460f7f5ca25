public import Foundation

/// A certificate for `localhost` that vouches for itself, made by openssl(1).
public enum SelfSignedCertificate {
    private struct OpenSSLFailed: Error {}

    /// Writes `cert.pem` and `key.pem`.
    public static func make(in directory: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            + ["-keyout", "key.pem", "-out", "cert.pem"]
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed() }
    }
}
