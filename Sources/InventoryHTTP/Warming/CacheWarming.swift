import Basics
import Inventory
public import Logging
public import ServiceLifecycle
import Synchronization

/// Runs jobs that warm the cache on request, one at a time, and keeps the last ones in memory.
public final class CacheWarming: Service {
    private let warmer: CacheWarmer
    private let logger: Logger
    /// Oldest first; only the last may be running.
    private let jobs = Mutex<[WarmingJob]>([])
    private let (queue, queueInput) = AsyncStream<WarmingJob>.makeStream()

    private static let maximumJobs = 16

    public init(_ warmer: CacheWarmer, logger: Logger) {
        self.warmer = warmer
        self.logger = logger
    }

    /// Runs jobs until shutdown, which cancels the current one.
    public func run() async {
        await cancelWhenGracefulShutdown {
            for await job in self.queue { await self.execute(job) }
        }
    }

    /// Another job is running.
    struct Busy: Error {
        let id: String
    }

    /// A new job, or the running one if that covers the stores.
    /// - Parameter stores: `nil` for all.
    func start(_ stores: Set<StoreID>?) throws(Busy) -> WarmingJob {
        try jobs.withLock { jobs throws(Busy) in
            if let running = jobs.last, running.status == .running {
                guard running.covers(stores) else { throw Busy(id: running.id) }
                return running
            }
            let job = WarmingJob(stores: stores)
            jobs = jobs.suffix(Self.maximumJobs - 1) + [job]
            queueInput.yield(job)
            return job
        }
    }

    func job(_ id: Substring) -> WarmingJob? {
        jobs.withLock { jobs in jobs.first { id.hasSameBytes(as: $0.id) } }
    }

    private func execute(_ job: WarmingJob) async {
        let status: WarmingJob.Status
        do {
            let stores = if let stores = job.stores { stores.sorted() } else { try await warmer.allStores() }
            try await warmer.warm(stores) { progress in update(job) { $0.progress = progress } }
            status = .done
        } catch is CancellationError {
            status = .cancelled
        } catch {
            logger.error("the cache could not be warmed", metadata: ["job": "\(job.id)", "error": "\(error)"])
            status = .failed
        }
        update(job) { $0.finish(status) }
    }

    private func update(_ job: WarmingJob, _ change: (inout WarmingJob) -> Void) {
        jobs.withLock { jobs in
            guard let index = jobs.lastIndex(where: { $0.id == job.id }) else { return }
            change(&jobs[index])
        }
    }
}
