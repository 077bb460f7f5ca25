public import Access
import Basics
public import Inventory
public import Logging
public import ServiceLifecycle
import Synchronization

/// Records when API keys are used, and writes that to the store once a minute in one batch, so no request waits for it, and
/// once an hour for each key. Unwritten uses are lost if the process crashes.
public final class KeyUses: Service {
    /// More keys than this in a minute are not recorded.
    static let maximum = 10_000
    private static let interval = Duration.seconds(60)

    private let store: any CredentialStoring
    private let logger: Logger
    private let uses = Mutex(
        (noted: [String: Timestamp](), last: RecentlyUsed<String, Timestamp>(capacity: maximum)))
    private static let hour: Int64 = 3_600_000_000

    public init(store: any CredentialStoring, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Hot paths call this once in some seconds for each key.
    public func note(_ id: String, at moment: Timestamp) {
        uses.withLock { uses in
            if let last = uses.last[id], moment.microseconds < last.microseconds + Self.hour { return }
            if uses.noted[id] != nil || uses.noted.count < Self.maximum { uses.noted[id] = moment }
        }
    }

    /// Writes until the service shuts down, then once more.
    public func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil { await self.write() }
        }
        await write()
    }

    /// Writes the uses since the last call.
    func write() async {
        let noted = uses.withLock { uses in
            defer { uses.noted = [:] }
            for (id, moment) in uses.noted { uses.last[id] = moment }
            return uses.noted
        }
        guard !noted.isEmpty else { return }
        do throws(LedgerError) {
            try await store.noteUses(noted)
        } catch {
            logger.warning(
                "the last uses of keys could not be written",
                metadata: ["keys": "\(noted.count)", "error": "\(error)"])
        }
    }
}
