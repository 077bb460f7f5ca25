import Inventory
import StockCache

/// What the routes' handlers work on; they stand with what they are about.
struct InventoryAPI: Sendable {
    let ledger: any StockReading & StockWriting
    let documents: any DocumentReading
    let health: any HealthReporting
    let limits: Limits
}
