import Inventory

/// What happened in the demo's stores: opening stock, then three weeks and today until now.
struct DemoHistory: Sendable {
    /// A day of a district.
    struct Chapter: Sendable {
        /// They come before everything else of the day, one after the other.
        let transfers: [MovementCommand]
        /// Each store's, in order; the stores are independent of each other.
        let stores: [[MovementCommand]]
    }

    /// Each district's days, in order; the districts are independent of each other.
    let districts: [[Chapter]]
    let movementCount: Int
    /// The evening on which the shelves are filled.
    let eve: ShopDay

    private static let fullDays: Int64 = 21

    init(_ catalog: DemoCatalog, until now: Timestamp) {
        let days = ShopDay.history(days: Self.fullDays, until: now)
        let eve = days[0].before
        districts = DemoDistrict.all.enumerated().map { number, district in
            let ids = district.shops.indices.map { DemoDistrict.storeID(district: number, shop: $0) }
            var simulation = DistrictSimulation(ids, catalog)
            return [simulation.opening(on: eve)] + days.map { simulation.day($0) }
        }
        movementCount = districts.joined().reduce(0) { count, chapter in
            count + ([chapter.transfers] + chapter.stores).joined().reduce(0) { $0 + $1.lineCount }
        }
        self.eve = eve
    }
}
