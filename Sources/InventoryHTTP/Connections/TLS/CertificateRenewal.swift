import Basics
public import Logging
public import ServiceLifecycle

/// Reloads a certificate's files when they change: checks every few seconds, and on request.
public struct CertificateRenewal<Requests: AsyncSequence & Sendable>: Service where Requests.Failure == Never {
    private let certificate: ServerCertificate
    private let interval: Duration
    private let requests: Requests
    private let logger: Logger

    public init(
        of certificate: ServerCertificate, every interval: Duration = .seconds(5), onRequest requests: Requests,
        logger: Logger
    ) {
        self.certificate = certificate
        self.interval = interval
        self.requests = requests
        self.logger = logger
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            async let asked: Void = renewOnRequest()
            while (try? await Task.sleep(for: interval)) != nil { _ = await renew() }
            await asked
        }
    }

    private func renewOnRequest() async {
        for await _ in requests {
            if await !renew() { logger.notice("the certificate's files have not changed") }
        }
    }

    /// - Returns: Whether the files had changed.
    private func renew() async -> Bool {
        do {
            let isRenewed = try await onBlockingThread { try certificate.renew() }
            if isRenewed {
                logger.notice("certificate renewed", metadata: ["expires": "\(httpDate(certificate.expiry))"])
            }
            return isRenewed
        } catch {
            logger.error(
                "the certificate's files cannot be used: the old certificate stays", metadata: ["error": "\(error)"])
            return true
        }
    }
}
