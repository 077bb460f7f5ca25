import Inventory

/// What happens in one store. It knows what is on hand, so nothing is recorded that a ledger would refuse.
struct StoreSimulation {
    let id: Int
    private var random: SplitMix64
    private(set) var items: [StockedItem]
    private let indices: [Int: Int]
    /// The chance that a line is for this item or one before it; the last is 1.
    private let popularity: [Double]
    /// Compared with an average store.
    private let size: Double

    init(_ id: Int, _ catalog: DemoCatalog) {
        var random = SplitMix64(stream: UInt64(id))
        let size = 0.55 + random.fraction()
        let stocked = Self.assortment(300 + Int(200 * (size - 0.55)), of: catalog.byPopularity, &random)
        // Zipf's law: the second sells half as often as the first, the third a third.
        let weights = stocked.indices.map { 1 / Double($0 + 1) }
        let total = weights.reduce(0, +)
        var sum = 0.0
        popularity = weights.map { weight in
            sum += weight / total
            return sum
        }
        items = zip(stocked, weights).map { product, weight in
            let lines = ShopDay.linesPerDay * size * weight / total
            return StockedItem(product, dailyDemand: lines * Self.unitsPerLine)
        }
        indices = Dictionary(uniqueKeysWithValues: stocked.enumerated().map { ($1.id, $0) })
        self.id = id
        self.random = random
        self.size = size
    }

    /// Popular goods likelier than others. All stores agree on the most popular ones, and differ in the rest.
    private static func assortment(
        _ count: Int, of ranking: [DemoProduct], _ random: inout SplitMix64
    ) -> [DemoProduct] {
        let chosen = random.drawn(count, of: Array(ranking.indices)) { 1 / Double($0 + 40) }.sorted()
        return chosen.prefix(25).map { ranking[$0] } + chosen.dropFirst(25).shuffled(using: &random).map { ranking[$0] }
    }

    func item(_ product: Int) -> StockedItem? { indices[product].map { items[$0] } }

    /// Units that come or go by a transfer.
    mutating func transfer(_ product: Int, _ units: Int) {
        guard let index = indices[product] else { preconditionFailure("the store does not stock \(product)") }
        items[index].onHand += units
        precondition(items[index].onHand >= 0, "a transfer takes what is there")
    }
}

extension StoreSimulation {
    /// The shelves are filled on the evening before the first day, twenty products at a time.
    mutating func opening(on day: ShopDay) -> [DemoMovement] {
        items.indices.map { index in
            movement(
                .stockIn, index, items[index].order, at: day.time(10 * 3_600 + index / 20 * 240), reference: "OPENING")
        }
    }

    mutating func movements(on day: ShopDay, _ slot: Int) -> [DemoMovement] {
        let start = slot * ShopDay.slotSeconds
        let arrival = start + Int.random(in: 0..<120, using: &random)
        let stocktaking = start + Int.random(in: 120..<180, using: &random)
        let sale = start + Int.random(in: 180..<ShopDay.slotSeconds, using: &random)
        return deliveries(day, slot, at: day.time(arrival))
            + (slot == Self.stocktakingSlot ? removals(at: day.time(stocktaking)) : [])
            + sales(day.footfall(slot) * size, at: day.time(sale))
    }

    /// A quiet hour in the afternoon, when somebody looks through the shelves.
    private static let stocktakingSlot = 40

    private mutating func sales(_ mean: Double, at time: Timestamp) -> [DemoMovement] {
        var sold: Set<Int> = []
        return (0..<min(random.poisson(mean), 5)).compactMap { _ in
            let index = popularIndex()
            guard items[index].onHand > 0, sold.insert(index).inserted else { return nil }
            var units = 1
            while units < min(6, items[index].onHand), random.chance(Self.chanceOfOneMore) { units += 1 }
            return movement(.sale, index, units, at: time)
        }
    }

    private static let chanceOfOneMore = 0.38
    private static let unitsPerLine = 1 / (1 - chanceOfOneMore)

    private mutating func popularIndex() -> Int {
        let wanted = random.fraction()
        var (low, high) = (0, popularity.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if popularity[middle] > wanted { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func deliveries(_ day: ShopDay, _ slot: Int, at time: Timestamp) -> [DemoMovement] {
        items.indices.compactMap { index in
            let item = items[index]
            guard item.onHand < item.reorderLevel, arrives(item.product, on: day, in: slot) else { return nil }
            let invoice = "INV-\(item.product.supplier + 1)-\(day.number)-\(id)"
            return movement(.stockIn, index, item.order, at: time, reference: invoice)
        }
    }

    /// Fresh goods come every day in the first hour, other suppliers twice a week until one o'clock.
    private func arrives(_ product: DemoProduct, on day: ShopDay, in slot: Int) -> Bool {
        let route = id * 7 + product.supplier * 5
        if product.isFresh { return slot == route % 6 }
        return slot == route % 30 && day.weekday != 0 && day.weekday % 3 == (route / 5) % 3
    }

    private mutating func removals(at time: Timestamp) -> [DemoMovement] {
        (0..<random.poisson(1.6)).compactMap { _ in
            let index = Int.random(in: items.indices, using: &random)
            let item = items[index]
            guard item.onHand > 0, item.product.isFresh || random.chance(0.5) else { return nil }
            let units = Int.random(in: 1...min(3, item.onHand), using: &random)
            return movement(.manualRemoval, index, units, at: time, note: reason(item.product))
        }
    }

    private mutating func reason(_ product: DemoProduct) -> String {
        let reasons =
            switch product.unit {
            case _ where product.isFresh: ["spoilt", "past its date", "spoilt: the power was out"]
            case "bottle", "jar": ["broken", "leaking", "past its date"]
            default: ["torn", "damp", "mice", "past its date", "used in the shop"]
            }
        return reasons[Int.random(in: reasons.indices, using: &random)]
    }

    private mutating func movement(
        _ kind: DemoMovement.Kind, _ index: Int, _ units: Int, at time: Timestamp, reference: String = "",
        note: String = ""
    ) -> DemoMovement {
        items[index].onHand += kind == .stockIn ? units : -units
        precondition(items[index].onHand >= 0, "nobody takes what is not there")
        return DemoMovement(
            storeID: id, productID: items[index].product.id, kind: kind, units: units, reference: reference, note: note,
            recordedAt: time)
    }
}
