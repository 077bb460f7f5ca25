/// A product in a store, and what the store knows about it.
struct StockedItem {
    let product: DemoProduct
    /// More is ordered below this.
    let reorderLevel: Int
    /// As much as is ordered, at least.
    let fullLevel: Int
    var onHand = 0

    /// - Parameter dailyDemand: Units that are sold on an ordinary day.
    init(_ product: DemoProduct, dailyDemand: Double) {
        self.product = product
        let (least, most) = product.isFresh ? (1.2, 2.5) : (4.0, 9.0)
        reorderLevel = max(product.lot / 6, Int((dailyDemand * least).rounded(.up)))
        fullLevel = max(product.lot, Int((dailyDemand * most).rounded(.up)))
    }

    /// Whole lots, at least one.
    var order: Int { max(1, (fullLevel - onHand + product.lot - 1) / product.lot) * product.lot }
}
