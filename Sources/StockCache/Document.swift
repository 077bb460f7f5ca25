public import Inventory
public import NIOCore

/// The positions at which a document was rendered: that of its ledger, and that of the catalog, from which names come; and
/// the history that they belong to. For a document of the catalog, both are the catalog's.
public struct Stamp: Hashable, Sendable {
    public let history: History
    public let position: Position
    public let catalogPosition: Position

    public init(history: History, position: Position, catalogPosition: Position) {
        self.history = history
        self.position = position
        self.catalogPosition = catalogPosition
    }

    /// Whether nothing is in a document with the other stamp that is not in one with this.
    func covers(_ other: Stamp) -> Bool {
        history == other.history && position >= other.position && catalogPosition >= other.catalogPosition
    }

    /// - Throws: `.historyChanged`, `.positionUnavailable` if a client that has seen `point` must not get it.
    func require(_ point: LedgerPoint?) throws(LedgerError) {
        guard let point else { return }
        if let seen = point.history, seen != history { throw .historyChanged }
        if position < point.position { throw .positionUnavailable }
    }
}

/// A rendered answer: the bytes that go out.
public struct Document: Sendable {
    public let stamp: Stamp
    public let body: ByteBuffer
    /// The id of the page's last item, if others follow it: the body has room for the cursor, which each reader gets
    /// for themselves.
    public let next: Int64?
    /// Where it was read, `nil` for a document from the cache.
    public let source: ReadSource?
    /// `nil` if it is current.
    public let unproven: Staleness?

    public init(
        stamp: Stamp, body: ByteBuffer, next: Int64? = nil, source: ReadSource?, unproven: Staleness? = nil
    ) {
        self.stamp = stamp
        self.body = body
        self.next = next
        self.source = source
        self.unproven = unproven
    }
}

/// What a document is about, and its name among the documents of that ledger.
public struct DocumentKey: Hashable, Sendable {
    public let storeID: StoreID
    /// The one product that the document is about: changes of others leave it valid. `nil` if it is about many.
    public let productID: ProductID?
    /// Exact, as Redis takes it, and as the ledger takes the filters in it.
    private let exactName: ExactText

    public var name: String { exactName.text }

    public init(storeID: StoreID, productID: ProductID? = nil, name: String) {
        self.storeID = storeID
        self.productID = productID
        exactName = ExactText(name)
    }
}

/// Makes a document from the ledger, at least as new as asked.
public typealias DocumentRenderer = @Sendable (Freshness) async throws(LedgerError) -> Document

/// Where documents come from.
public protocol DocumentReading: Sendable {
    /// A document at least as new as everything that was acknowledged before the call, and as `atLeast` asks; or one that
    /// says that this could not be proved.
    /// - Parameter render: Makes the document, if there is none that is new enough.
    func document(
        _ key: DocumentKey, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin)
}

/// How an answer came about, as `Cache-Status` (RFC 9211) tells it.
public enum DocumentOrigin: Hashable, Sendable {
    case hit
    /// There was none, or none that was new enough.
    case miss
    /// The cache could not be asked, or was not trusted.
    case bypass
    /// There is no cache.
    case uncached
}

/// Documents without a cache: each is rendered.
public struct RenderedDocuments: DocumentReading {
    public init() {}

    public func document(
        _ key: DocumentKey, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        (try await render(Freshness(atLeast: atLeast)), .uncached)
    }
}
