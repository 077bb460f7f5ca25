public import Inventory
public import JSON

extension JSONWriter {
    @inlinable
    public mutating func value(_ item: StockItem) {
        openObject()
        fields(of: item)
        closeObject()
    }

    /// The level of one product.
    @inlinable
    public mutating func value(level: Snapshot<StockItem>, in storeID: StoreID) {
        openObject()
        field("store_id", storeID)
        nullableField("position", level.position)
        fields(of: level.value)
        closeObject()
    }

    @inlinable
    public mutating func fields(of item: StockItem) {
        field("product_id", item.productID)
        field("name", item.name)
        nullableField("category", item.category)
        nullableField("unit", item.unit)
        field("on_hand", item.onHand)
        nullableField("updated_at", item.updatedAt)
    }
}
