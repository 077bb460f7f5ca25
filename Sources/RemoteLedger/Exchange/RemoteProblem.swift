import Inventory
import InventoryContract
import JSON

/// A problem of the contract (RFC 9457), with the fields that ledger errors need.
struct RemoteProblem: Sendable {
    /// `nil` if it is unknown to this program.
    let code: ProblemCode?
    let detail: String
    let onHand: Int64?
    let requested: Int64?
    let items: [Item]
    /// `nil` from servers that do not report it.
    let stockLeft: StockLeft?

    /// An invalid field, or a line of a batch.
    struct Item: Sendable {
        let index: Int?
        let pointer: String
        let code: ProblemCode?
        let detail: String
        let onHand: Int64?
        let requested: Int64?
    }

    init(_ fields: ObjectFields) throws(UnreadableData) {
        code = ProblemCode(rawValue: try fields.text("code"))
        detail = try fields.text("detail")
        onHand = try fields.optionalInteger("on_hand")
        requested = try fields.optionalInteger("requested")
        var items: [Item] = []
        for item in try fields.optionalObjects("errors") ?? [] {
            items.append(
                Item(
                    index: try item.optionalInteger("index").map(Int.init), pointer: try item.text("pointer"),
                    code: try item.optionalText("code").flatMap(ProblemCode.init), detail: try item.text("detail"),
                    onHand: try item.optionalInteger("on_hand"), requested: try item.optionalInteger("requested")))
        }
        self.items = items
        var levels: [LevelKey] = []
        for level in try fields.optionalObjects("levels") ?? [] {
            levels.append(LevelKey(try level.number("store_id"), try level.number("product_id")))
        }
        stockLeft = fields["levels"].map { _ in StockLeft(levels, hasMore: fields["more"] == .flag(true)) }
    }

    /// The name of the first invalid field.
    var field: String? { items.first?.pointer.split(separator: "/").last.map(String.init) }

    /// All details, as readable text.
    var text: String {
        ([detail] + items.map { "\($0.pointer.isEmpty ? "the body" : $0.pointer) \($0.detail)" })
            .joined(separator: " ")
    }
}

/// The subject of a request, which its problem does not repeat.
enum Subject: Sendable {
    case read
    case movement(Movement)
    case transfer(Transfer)
    case batch(Batch)
    /// A change to the catalog.
    case catalog
}

extension LedgerError {
    init(_ problem: RemoteProblem, _ subject: Subject) {
        switch problem.code {
        case .overloaded: self = .overloaded
        case .primaryUnavailable: self = .unavailable
        case .positionUnavailable: self = .positionUnavailable
        case .historyChanged: self = .historyChanged
        case .outcomeUnknown: self = .outcomeUnknown
        case .internalFailure: self = .internalFailure
        case .notFound: self = Self.notFound(subject)
        case .invalidBody where problem.items.contains { $0.pointer == "/import" }:
            self = .rejected(
                reason: "The server is older than this program and does not support imports: upgrade it first.")
        default:
            self = Refusal(problem, subject).map { .refused($0) } ?? .rejected(reason: problem.text)
        }
    }

    private static func notFound(_ subject: Subject) -> LedgerError {
        switch subject {
        case .movement(let movement): .refused(.unknownStore(movement.storeID))
        case .transfer(let transfer): .refused(.unknownStore(transfer.from))
        case .catalog: .refused(.notFound)
        case .read, .batch: .notFound
        }
    }
}

extension Refusal {
    /// - Returns: `nil` if it is not a refusal by the ledger's rules.
    fileprivate init?(_ problem: RemoteProblem, _ subject: Subject) {
        switch subject {
        case .read:
            return nil
        case .movement(let movement):
            self.init(problem.code, problem.onHand, problem.requested, movement)
        case .transfer(let transfer):
            let departure = Movement(
                storeID: transfer.from, productID: transfer.productID, kind: .manualRemoval,
                quantity: transfer.quantity)
            self.init(problem.code, problem.onHand, problem.requested, departure)
        case .batch(let batch):
            guard problem.code != .idempotencyKeyReused else {
                self = .idempotencyKeyReused
                return
            }
            let lines = problem.items.compactMap { item -> LineRefusal? in
                guard let index = item.index, batch.movements.indices.contains(index), let code = item.code,
                    let refusal = Refusal(code, item.onHand, item.requested, batch.movements[index])
                else { return nil }
                return LineRefusal(index: index, refusal: refusal)
            }
            guard !lines.isEmpty, lines.count == problem.items.count else { return nil }
            self = .batch(lines)
        case .catalog:
            self.init(catalog: problem)
        }
    }

    /// The refusal of one movement, from its problem's code.
    init?(_ code: ProblemCode?, _ onHand: Int64?, _ requested: Int64?, _ movement: Movement) {
        switch (code, onHand) {
        case (.insufficientStock, let onHand?):
            self = .insufficientStock(onHand: onHand, requested: requested ?? movement.quantity.units)
        case (.stockChanged, let onHand?): self = .stockChanged(onHand: onHand)
        case (.unknownProduct, _): self = .unknownProduct(movement.productID)
        case (.notFound, _): self = .unknownStore(movement.storeID)
        case (.idempotencyKeyReused, _): self = .idempotencyKeyReused
        default: return nil
        }
    }

    private init?(catalog problem: RemoteProblem) {
        switch problem.code {
        case .alreadyExists: self = problem.field.map { .alreadyExists($0) } ?? .idsExhausted
        case .inUse:
            guard let left = problem.stockLeft else { return nil }
            self = .inUse(left)
        case .preconditionFailed: self = .preconditionFailed
        case .idempotencyKeyReused: self = .idempotencyKeyReused
        default: return nil
        }
    }
}
