import Inventory

/// What happens in neighbouring stores. Each day the stores are independent of each other; what goes from one to
/// another goes before they open.
struct DistrictSimulation: Sendable {
    private var stores: [StoreSimulation]
    private var random: SplitMix64
    private var requests = 0

    init(_ ids: [StoreID], _ catalog: DemoCatalog) {
        stores = ids.map { StoreSimulation($0, catalog) }
        random = SplitMix64(stream: UInt64(ids[0].rawValue) << 32)
    }

    mutating func opening(on day: ShopDay) -> DemoHistory.Chapter {
        DemoHistory.Chapter(transfers: [], stores: stores.indices.map { stores[$0].opening(on: day) })
    }

    mutating func day(_ day: ShopDay) -> DemoHistory.Chapter {
        guard !day.slots.isEmpty else { return DemoHistory.Chapter(transfers: [], stores: []) }
        // In the hour before the stores open.
        let transfers = (0..<min(random.poisson(3), 12)).compactMap { transfer(at: day.time($0 * 240 - 3_000)) }
        return DemoHistory.Chapter(transfers: transfers, stores: stores.indices.map { stores[$0].day(day) })
    }

    /// A store that runs short of a product gets some from a neighbour with plenty of it.
    private mutating func transfer(at time: Timestamp) -> MovementCommand? {
        let pair = stores.indices.shuffled(using: &random).prefix(2)
        let (giver, taker) = (stores[pair[0]], stores[pair[1]])
        let offers = taker.items.compactMap { item -> (product: ProductID, units: Int64)? in
            guard item.onHand < item.reorderLevel, let plenty = giver.item(item.product.id) else { return nil }
            let units = min(item.product.lot / 2, plenty.onHand - plenty.reorderLevel)
            return units > 0 ? (item.product.id, units) : nil
        }
        guard let (product, units) = offers.randomElement(using: &random), let quantity = Quantity(units) else {
            return nil
        }
        stores[pair[0]].transfer(product, -units)
        stores[pair[1]].transfer(product, units)
        requests += 1
        return MovementCommand(
            .transfer(
                Transfer(
                    productID: product, from: giver.id, to: taker.id, quantity: quantity,
                    notes: MovementNotes(note: "ran short"))),
            CommandContext(
                actor: "demo", requestID: "demo-\(giver.id)-\(taker.id)-\(requests)", recordedAt: time))
    }
}
