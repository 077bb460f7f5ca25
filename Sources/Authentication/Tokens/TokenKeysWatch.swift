public import Logging
public import ServiceLifecycle

/// Checks every few seconds whether the file has changed. An invalid file is logged once, and the keys stay.
public struct TokenKeysWatch: Service {
    private static let interval = Duration.seconds(5)

    private let file: TokenKeysFile
    private let verifier: TokenVerifier
    private let logger: Logger

    public init(file: TokenKeysFile, verifier: TokenVerifier, logger: Logger) {
        self.file = file
        self.verifier = verifier
        self.logger = logger
    }

    public func run() async {
        await run(every: Self.interval)
    }

    func run(every interval: Duration) async {
        await cancelWhenGracefulShutdown {
            var seen: Result<[UInt8], TokenKeysError>?
            while (try? await Task.sleep(for: interval)) != nil {
                let found = await found()
                if found != seen { await take(found, isFirst: seen == nil) }
                seen = found
            }
        }
    }

    private func found() async -> Result<[UInt8], TokenKeysError> {
        do {
            return .success(try await file.contents())
        } catch {
            return .failure(error as? TokenKeysError ?? TokenKeysError("\(error)"))
        }
    }

    /// - Parameter isFirst: Whether the service has just started, with the same keys unless they changed since.
    private func take(_ found: Result<[UInt8], TokenKeysError>, isFirst: Bool) async {
        do {
            verifier.replaceKeys(try await file.keys(in: try found.get()))
            if !isFirst { logger.notice("the token keys were reloaded") }
        } catch {
            logger.error("the token keys cannot be used; the previous ones stay", metadata: ["error": "\(error)"])
        }
    }
}
