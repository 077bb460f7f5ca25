/// What happens in neighbouring stores. Each day the stores are independent of each other; what goes from one to
/// another goes before they open.
struct DistrictSimulation {
    private var stores: [StoreSimulation]
    private var random: SplitMix64

    init(_ ids: [Int], _ catalog: DemoCatalog) {
        stores = ids.map { StoreSimulation($0, catalog) }
        random = SplitMix64(stream: UInt64(ids[0]) << 32)
    }

    mutating func opening(on day: ShopDay) -> [DemoMovement] {
        stores.indices.flatMap { stores[$0].opening(on: day) }
    }

    mutating func movements(on day: ShopDay, _ slot: Int) -> [DemoMovement] {
        stores.indices.flatMap { stores[$0].movements(on: day, slot) }
    }

    /// In the hour before the stores open, a store that runs short of a product gets some from a neighbour with plenty of it.
    mutating func transfers(on day: ShopDay) -> [DemoMovement] {
        (0..<min(random.poisson(3), 12)).compactMap { number in
            let pair = stores.indices.shuffled(using: &random).prefix(2)
            let (giver, taker) = (stores[pair[0]], stores[pair[1]])
            let offers = taker.items.compactMap { item -> (product: Int, units: Int)? in
                guard item.onHand < item.reorderLevel, let plenty = giver.item(item.product.id) else { return nil }
                let units = min(item.product.lot / 2, plenty.onHand - plenty.reorderLevel)
                return units > 0 ? (item.product.id, units) : nil
            }
            guard let (product, units) = offers.randomElement(using: &random) else { return nil }
            stores[pair[0]].transfer(product, -units)
            stores[pair[1]].transfer(product, units)
            return DemoMovement(
                storeID: giver.id, toStoreID: taker.id, productID: product, kind: .transfer, units: units,
                note: "ran short", recordedAt: day.time(number * 240 - 3_000))
        }
    }
}
