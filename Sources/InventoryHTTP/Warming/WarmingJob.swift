import Basics
import Foundation
import Inventory

/// A job that warms the cache, requested by a client.
struct WarmingJob: Sendable {
    enum Status: String {
        case running, done, failed, cancelled
    }

    let id = String.randomID()
    /// `nil`: all.
    let stores: Set<StoreID>?
    let startedAt = Timestamp.now
    private(set) var status = Status.running
    private(set) var finishedAt: Timestamp?
    var progress: CacheWarmer.Progress

    init(stores: Set<StoreID>?) {
        self.stores = stores
        progress = CacheWarmer.Progress(storesTotal: stores?.count ?? 0)
    }

    mutating func finish(_ status: Status) {
        self.status = status
        finishedAt = .now
    }

    /// Whether the job includes all of the stores.
    func covers(_ stores: Set<StoreID>?) -> Bool {
        guard let own = self.stores else { return true }
        return stores.map(own.isSuperset) ?? false
    }
}
