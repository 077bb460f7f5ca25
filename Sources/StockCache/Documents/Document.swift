public import Inventory
public import NIOCore

/// The positions at which a document was rendered (its ledger's, and the catalog's, which names come from) and the
/// history they belong to. For a document of the catalog, both are the catalog's.
public struct Stamp: Hashable, Sendable {
    public let history: History
    public let position: Position
    public let catalogPosition: Position

    public init(history: History, position: Position, catalogPosition: Position) {
        self.history = history
        self.position = position
        self.catalogPosition = catalogPosition
    }

    /// Whether a document with this stamp includes every change in one with the other.
    public func covers(_ other: Stamp) -> Bool {
        history == other.history && position >= other.position && catalogPosition >= other.catalogPosition
    }

    /// - Throws: `.historyChanged` or `.positionUnavailable` if it is too old for a client that has seen `point`.
    func require(_ point: LedgerPoint?) throws(LedgerError) {
        guard let point else { return }
        if let seen = point.history, seen != history { throw .historyChanged }
        if position < point.position { throw .positionUnavailable }
    }
}

/// A rendered response body.
public struct Document: Sendable {
    public let stamp: Stamp
    public let body: ByteBuffer
    /// The id of the page's last item, if others follow it: the body has room for the cursor, which differs between
    /// readers.
    public let next: Int64?
    /// Where it was read; `nil` for a document from the cache.
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

/// Identifies a document: the ledger that it is about, and its name within that.
public struct DocumentKey: Hashable, Sendable {
    public let storeID: StoreID
    /// The one product that the document is about: changes of others leave it valid. `nil` if it is about many.
    public let productID: ProductID?
    /// Compared byte by byte, like Redis keys and the filters in it.
    private let exactName: ExactText

    public var name: String { exactName.text }

    public init(storeID: StoreID, productID: ProductID? = nil, name: String) {
        self.storeID = storeID
        self.productID = productID
        exactName = ExactText(name)
    }
}

/// Renders a document from the ledger, at least as new as required.
public typealias DocumentRenderer = @Sendable (Freshness) async throws(LedgerError) -> Document

/// A source of documents.
public protocol DocumentReading: Sendable {
    /// A document that includes every change acknowledged before the call, and is as new as `atLeast`; or one marked as
    /// unproven.
    /// - Parameters:
    ///   - reader: Whose request it is, which limits what is stored; `nil` to store it in any case.
    ///   - render: Called if there is no document that is new enough.
    func document(
        _ key: DocumentKey, for reader: String?, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin)
}

/// How a document was obtained, for `Cache-Status` (RFC 9211).
public enum DocumentOrigin: Int, CaseIterable, Sendable {
    case hit
    /// There was no cached document that was new enough.
    case miss
    /// The cache was unavailable or not trusted.
    case bypass
    /// There is no cache.
    case uncached
}

/// Renders every document: no cache.
public struct RenderedDocuments: DocumentReading {
    public init() {}

    public func document(
        _ key: DocumentKey, for reader: String?, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        (try await render(Freshness(atLeast: atLeast)), .uncached)
    }
}
