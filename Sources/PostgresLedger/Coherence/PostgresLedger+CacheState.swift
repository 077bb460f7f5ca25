public import Inventory

extension PostgresLedger: CacheStateReading {
    public func cacheState() async throws(LedgerError) -> CacheState {
        do {
            return try await watch.now().cache
        } catch {
            throw LedgerError(watchFailure: error, observer)
        }
    }
}
