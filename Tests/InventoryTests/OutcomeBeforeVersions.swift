import Foundation

/// Outcomes as programs had them before outcomes had versions, and as their `Codable` reads and writes them: such a program
/// may run beside this one while an upgrade is rolled out.
enum OutcomeBeforeVersions: Codable, Hashable {
    case movement(Movement)
    case transfer(Transfer)
    case batch(Batch)
    case catalog(Item)

    struct Movement: Codable, Hashable {
        var storeID, position, productID: Int64
        var type: Kind
        var quantity, onHand: Int64
        var recordedAt: Time
    }

    enum Kind: String, Codable {
        case stockIn = "stock-in"
        case sale
        case manualRemoval = "manual-removal"
        case transferOut = "transfer-out"
        case transferIn = "transfer-in"
    }

    struct Time: Codable, Hashable {
        var microseconds: Int64
    }

    struct Transfer: Codable, Hashable {
        var id: String
        var out, `in`: Movement
    }

    struct Batch: Codable, Hashable {
        enum Line: Codable, Hashable {
            case recorded(Movement)
            case refused(Refusal)
        }

        var lines: [Line]
    }

    enum Refusal: Codable, Hashable {
        case insufficientStock(onHand: Int64, requested: Int64)
        case stockChanged(onHand: Int64)
        case unknownProduct(Int64)
        case unknownStore(Int64)
        case ambiguousName(String)
        case notFound
        case alreadyExists(_ field: String)
        case inUse(Level)
        case preconditionFailed
        case idempotencyKeyReused
        case batch([LineRefusal])
        case idsExhausted
    }

    struct Level: Codable, Hashable {
        var storeID, productID: Int64
    }

    struct LineRefusal: Codable, Hashable {
        var index: Int
        var refusal: Refusal
    }

    enum Item: Codable, Hashable {
        case product(Product)
        case store(Store)
    }

    struct Product: Codable, Hashable {
        struct Details: Codable, Hashable {
            var sku: String?
            var name: String
            var category, unit: String?
        }

        var id: Int64
        var details: Details
        var position: Int64
    }

    struct Store: Codable, Hashable {
        var id: Int64
        var name: String
        var position: Int64
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    }

    func json() throws -> String {
        String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }
}
