import Inventory

/// What happened in the demo's stores: opening stock, some weeks, and today until now.
struct DemoHistory {
    private var districts: [DistrictSimulation]
    private let days: [ShopDay]

    init(_ districts: [DemoDistrict], _ catalog: DemoCatalog, days: Int, until now: Timestamp) {
        self.districts = districts.map { DistrictSimulation($0.shops.map(\.id), catalog) }
        self.days = ShopDay.history(days: days, until: now)
    }

    /// Those of each store are in order.
    mutating func movements() -> [DemoMovement] {
        let eve = days[0].before
        var movements = inEachDistrict { $0.opening(on: eve) }
        for day in days where !day.slots.isEmpty {
            movements += inEachDistrict { $0.transfers(on: day) }
            for slot in day.slots { movements += inEachDistrict { $0.movements(on: day, slot) } }
        }
        return movements
    }

    private mutating func inEachDistrict(_ body: (inout DistrictSimulation) -> [DemoMovement]) -> [DemoMovement] {
        districts.indices.flatMap { body(&districts[$0]) }
    }
}
