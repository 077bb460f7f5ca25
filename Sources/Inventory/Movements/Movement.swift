/// The type of a change to a product's level.
public enum MovementType: String, CaseIterable, Decodable, Sendable {
    case stockIn = "stock-in"
    case sale
    case manualRemoval = "manual-removal"
    case transferOut = "transfer-out"
    case transferIn = "transfer-in"

    /// How the level changes, per unit moved: 1 or -1.
    public var sign: Int64 {
        switch self {
        case .stockIn, .transferIn: 1
        case .sale, .manualRemoval, .transferOut: -1
        }
    }
}

/// A movement to record.
public struct Movement: Hashable, Sendable {
    /// Excludes the two sides of a transfer, which are never recorded separately.
    public enum Kind: Sendable {
        case stockIn, sale, manualRemoval

        public var type: MovementType {
            switch self {
            case .stockIn: .stockIn
            case .sale: .sale
            case .manualRemoval: .manualRemoval
            }
        }
    }

    public var storeID: StoreID
    public var productID: ProductID
    public var kind: Kind
    public var quantity: Quantity
    public var notes: MovementNotes
    /// Refused as `stockChanged` unless this is the level before the movement.
    public var expectedOnHand: Int64?
    /// When it was recorded, for imported history; overrides the time of the command's context.
    public var recordedAt: Timestamp?

    public init(
        storeID: StoreID, productID: ProductID, kind: Kind, quantity: Quantity,
        notes: MovementNotes = MovementNotes(), expectedOnHand: Int64? = nil, recordedAt: Timestamp? = nil
    ) {
        self.storeID = storeID
        self.productID = productID
        self.kind = kind
        self.quantity = quantity
        self.notes = notes
        self.expectedOnHand = expectedOnHand
        self.recordedAt = recordedAt
    }

    var level: LevelKey { LevelKey(storeID, productID) }
}

/// Optional notes on a movement or transfer; stored, never interpreted.
public struct MovementNotes: Hashable, Sendable {
    /// When it happened in the shop, if that differs from when it was recorded.
    public var occurredAt: Timestamp?
    /// A reference to a document of the client's: an order, an invoice, a receipt.
    public var reference: String?
    public var note: String?

    public init(occurredAt: Timestamp? = nil, reference: String? = nil, note: String? = nil) {
        self.occurredAt = occurredAt
        self.reference = reference
        self.note = note
    }
}

/// Moves stock from one store to another: both sides are recorded, or neither.
public struct Transfer: Hashable, Sendable {
    public var productID: ProductID
    public var from: StoreID
    public var to: StoreID
    public var quantity: Quantity
    public var notes: MovementNotes

    /// - Precondition: `from` and `to` differ.
    public init(
        productID: ProductID, from: StoreID, to: StoreID, quantity: Quantity, notes: MovementNotes = MovementNotes()
    ) {
        precondition(from != to, "a transfer needs two stores")
        self.productID = productID
        self.from = from
        self.to = to
        self.quantity = quantity
        self.notes = notes
    }
}

/// Movements in one request.
public struct Batch: Hashable, Sendable {
    public enum Line: Hashable, Sendable {
        case movement(Movement)
        /// Not a valid movement. Kept in the outcome, so that a replay reports it even if the validation has changed.
        case invalid([InvalidField])
    }

    public private(set) var lines: [Line]
    /// All or none; otherwise each on its own.
    public let isAtomic: Bool

    public init(_ movements: [Movement], isAtomic: Bool) {
        lines = movements.map { .movement($0) }
        self.isAtomic = isAtomic
    }

    /// Not atomic.
    public init(_ lines: [Line]) {
        self.lines = lines
        isAtomic = false
    }

    public var movements: [Movement] {
        lines.compactMap { line in
            if case .movement(let movement) = line { movement } else { nil }
        }
    }

    /// Transforms the movements, and leaves the invalid lines.
    public func map(_ transform: (Movement) -> Movement) -> Batch {
        var batch = self
        batch.lines = lines.map { line in
            if case .movement(let movement) = line { .movement(transform(movement)) } else { line }
        }
        return batch
    }
}

/// What is wrong with a field of a request.
public struct InvalidField: Decodable, Hashable, Sendable {
    /// The field's location in the request: a JSON pointer (RFC 6901).
    public let pointer: String
    public let detail: String

    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}
