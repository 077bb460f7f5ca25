import Inventory
import InventoryHTTP
import Logging
import StockCache

extension LedgerDifference {
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["store": "\(storeID)", "detail": "\(detail)"]
        if let productID { metadata["product"] = "\(productID)" }
        if let subject { metadata["subject"] = "\(subject)" }
        if let position { metadata["position"] = "\(position)" }
        if let found { metadata["found"] = "\(found)" }
        if let expected { metadata["expected"] = "\(expected)" }
        return metadata
    }
}

extension AcknowledgedDifference {
    var metadata: Logger.Metadata {
        difference.metadata.merging([
            "actor": "\(actor)", "acknowledged_at": "\(acknowledgedAt)", "note": "\(note)",
        ]) { $1 }
    }
}

extension DocumentDifference {
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "store": "\(key.storeID)", "document": "\(key.name)", "expected": "\(expected)",
        ]
        if let product = key.productID { metadata["product"] = "\(product)" }
        if let found { metadata["found"] = "\(found)" } else { metadata["detail"] = "it was changed in Redis" }
        return metadata
    }
}
