import Inventory

/// The subject of a command, which errors do not repeat.
struct Subject: Sendable {
    /// The product's name.
    var product: String?
    var storeID: StoreID?
    /// The key with which the command may be repeated.
    var key: String?
}

extension LedgerError {
    /// Explains an error, and what to do.
    func explained(_ subject: Subject = Subject()) -> String {
        switch self {
        case .refused(let refusal): refusal.explained(subject)
        case .notFound:
            subject.storeID.map(Refusal.unknown) ?? "It does not exist, or it is archived."
        case .overloaded: "Too many requests are waiting. Nothing was changed: try again in a moment."
        case .unavailable: "The ledger cannot be reached. Nothing was changed."
        case .positionUnavailable: "The ledger is not as far as what was asked for: try again in a moment."
        case .historyChanged: "The ledger goes on from another copy since: try again."
        case .outcomeUnknown:
            if let key = subject.key {
                "No answer came: it may have been done. Repeat the command with --key \(key), and it is done once."
            } else {
                "No answer came: it may have been done. Look before you repeat it."
            }
        case .rejected(let reason): reason
        case .damaged(let report): "The ledger is damaged: restore a backup. Nothing more is written to it. \(report)"
        case .moved(let place):
            "This ledger was moved to \(place): record it there. Nothing was changed, and here it can only be read."
        case .internalFailure: "Something went wrong where the ledger is kept; the log there says what."
        }
    }
}

extension Refusal {
    fileprivate func explained(_ subject: Subject) -> String {
        let product = subject.product ?? "the product"
        let place = subject.storeID.map { " in store \($0)" } ?? ""
        return switch self {
        case .insufficientStock(0, let requested):
            "There is no \(product)\(place); you asked for \(Int(requested).grouped)."
        case .insufficientStock(let onHand, let requested):
            "There are only \(Int(onHand).grouped) of \(product)\(place); you asked for \(Int(requested).grouped)."
        case .stockChanged(let onHand):
            "There are \(Int(onHand).grouped) of \(product)\(place), not what you expected. Look again before you "
                + "repeat it with --expected \(onHand)."
        case .unknownProduct(let id): "Product \(id) is not in the catalog, or it is archived."
        case .unknownStore(let id): Self.unknown(id)
        case .notFound: "It does not exist, or it is archived."
        case .alreadyExists("sku"): "Another product has this SKU already, if only an archived one."
        case .alreadyExists: "This id is taken already, if only by something archived."
        case .ambiguousName(let name): "Several products are called \(name): name one by its SKU or id."
        case .inUse(let left): left.explained
        case .preconditionFailed: "Somebody changed it just now. Look at it again before you repeat the command."
        case .idempotencyKeyReused: "This key came with another command before: take a new one."
        case .batch(let lines): "Nothing was recorded: \(lines.count) of the movements cannot be."
        case .invalid(let request): request.detail
        case .idsExhausted: "The highest id is taken, so none can be assigned: choose one with --id."
        }
    }

    fileprivate static func unknown(_ id: StoreID) -> String {
        "There is no store \(id), or it is archived. `khata store list` shows the stores."
    }
}

extension StockLeft {
    fileprivate var explained: String {
        guard let first = levels.first else {
            return "There is still stock of it, in stores outside the scope of your credentials."
        }
        let places = levels.map { "product \($0.productID) in store \($0.storeID)" } + (hasMore ? ["and more"] : [])
        return "There is still stock: \(places.joined(separator: ", ")). Move or remove it first: see "
            + "`khata stock --store \(first.storeID) \(first.productID)`."
    }
}

/// Converts a ledger's errors into readable failures; rethrows all others.
func explaining<T>(_ subject: Subject, _ body: () async throws -> T) async throws -> T {
    do {
        return try await body()
    } catch let error as LedgerError {
        switch error {
        // The caller adds which ledger it is.
        case .unavailable, .damaged: throw error
        default: throw Failure(error.explained(subject))
        }
    }
}
