import Foundation

/// What the demo's shops sell: 2,000 goods of a Pakistani kiryana.
struct DemoCatalog {
    static let productCount = 2_000
    static let firstProductID = 101
    /// Chosen so that bread, sugar and soap lead. Streams from 1 belong to the stores.
    private static let popularityStream: UInt64 = 1_632

    let products: [DemoProduct]
    /// The same, the most popular first.
    let byPopularity: [DemoProduct]

    init() {
        var products: [DemoProduct] = []
        for (supplier, shelf) in Shelf.all.enumerated() {
            for goods in shelf.goods {
                let id = Self.firstProductID + products.count
                products.append(DemoProduct(id, goods, on: shelf, supplier: supplier))
            }
        }
        precondition(products.count == Self.productCount, "the shelves have \(products.count) goods")
        precondition(Set(products.map(\.name)).count == products.count, "two goods have the same name")
        var random = SplitMix64(stream: Self.popularityStream)
        self.products = products
        byPopularity = random.drawn(products.count, of: products, weight: \.chanceOfPopularity)
    }
}

struct DemoProduct {
    let id: Int
    let sku: String
    let name: String
    let category: String
    let unit: String
    /// How likely it is to be among the popular ones, compared with other products.
    let chanceOfPopularity: Double
    /// Who delivers it: a supplier brings the goods of one shelf.
    let supplier: Int
    let isFresh: Bool
    /// How many come in a carton, sack or tray.
    let lot: Int

    init(_ id: Int, _ goods: Shelf.Goods, on shelf: Shelf, supplier: Int) {
        let kind = goods.name.filter { $0.isLetter || $0.isNumber }.prefix(3).uppercased()
        self.id = id
        sku = "\(shelf.code)-\(kind)-\(String(id + 10_000).dropFirst())"
        name = goods.name
        category = shelf.category
        unit = goods.unit
        // Sharp enough that staples lead, blunt enough that not all of them do.
        chanceOfPopularity = pow(goods.demand, 3)
        self.supplier = supplier
        isFresh = shelf.isFresh
        lot = Self.lots[goods.unit, default: 12]
    }

    private static let lots = [
        "bag": 10, "bar": 24, "bunch": 20, "card": 20, "dozen": 15, "kg": 20, "pouch": 16, "sachet": 48, "tin": 6,
    ]
}
