public import Inventory
import JSON
import NIOCore
public import StockCache

/// Compares the documents in Redis with the ledger, while it and they change.
///
/// It renders a document from the primary first, and then reads the cached one. As reads are linearizable, what a read may be
/// served with then has everything that was rendered: if it is not newer, it says the same, or is wrong.
public struct DocumentComparison: Sendable {
    private let documents: StockDocuments
    private let cache: CacheConnection

    /// Attempts to find a document that is not newer than what was rendered before.
    private static let attempts = 3

    public init(_ ledger: any StockReading, _ cache: CacheConnection) {
        documents = StockDocuments(ledger: ledger, source: PrimaryDocuments(), reader: nil, observer: NoHTTPObserver())
        self.cache = cache
    }

    /// Whether the cache is trusted, so that it can be told what a read may be served with.
    public var areAvailable: Bool { cache.isTrusted }

    /// Compares all documents that Redis has during the whole call.
    /// - Parameter compared: Called after each document, and each time that there was none to compare: with the difference, if
    ///   there is one.
    /// - Throws: `.unavailable` if the cache is unavailable or not trusted, and what the ledger throws.
    public func compare(
        _ compared: (_ documents: Int, DocumentDifference?) async throws -> Void
    ) async throws {
        var place: DocumentPlace?
        repeat {
            guard let page = await cache.listDocuments(from: place) else { throw LedgerError.unavailable }
            try await compared(0, nil)
            for (storeID, name) in page.found {
                guard let query = DocumentQuery(storeID, name) else { continue }
                try await compared(1, try await difference(of: query))
            }
            place = page.next
        } while place != nil
    }

    /// - Returns: `nil` if the document is right, is gone, or has always been newer.
    private func difference(of query: DocumentQuery) async throws(LedgerError) -> DocumentDifference? {
        let key = query.key
        for _ in 0..<Self.attempts {
            let rendered: Document
            do throws(LedgerError) {
                rendered = try await documents.document(query)
            } catch .notFound {
                return nil
            } catch .refused {
                return nil
            }
            guard let stored = await cache.storedDocument(key) else { throw .unavailable }
            switch stored {
            case .none: return nil
            case .forged: return DocumentDifference(key, found: nil, expected: Excerpt(rendered.body, from: 0))
            case .valid(let document):
                if document.saysTheSame(as: rendered, key) { return nil }
                guard document.stamp.history == rendered.stamp.history else { return nil }
                guard rendered.stamp.covers(document.stamp) else { continue }
                let start = zip(document.body.readableBytesView, rendered.body.readableBytesView).prefix { $0 == $1 }
                    .count
                return DocumentDifference(
                    key, found: Excerpt(document.body, from: start), expected: Excerpt(rendered.body, from: start))
            }
        }
        return nil
    }
}

/// A cached document that does not say what its ledger does.
public struct DocumentDifference: Sendable {
    public let key: DocumentKey
    /// An excerpt of the body; `nil` if somebody changed the document in Redis, so that it is not served.
    public let found: String?
    public let expected: String

    fileprivate init(_ key: DocumentKey, found: Excerpt?, expected: Excerpt) {
        self.key = key
        self.found = found?.text
        self.expected = expected.text
    }
}

/// Part of a body: from some bytes before a difference.
private struct Excerpt {
    let text: String

    private static let bytesBefore = 200
    private static let bytesAfter = 100

    init(_ body: ByteBuffer, from start: Int) {
        let bytes = body.readableBytesView.dropFirst(max(0, start - Self.bytesBefore))
        text = String(decoding: bytes.prefix(min(start, Self.bytesBefore) + Self.bytesAfter), as: UTF8.self)
    }
}

extension Document {
    /// A level stays valid while other products change, so its position may be an older one.
    fileprivate func saysTheSame(as other: Document, _ key: DocumentKey) -> Bool {
        if body == other.body, next == other.next { return true }
        guard key.productID != nil, let members, let others = other.members else { return false }
        return members == others
    }

    /// But the position.
    private var members: [JSONMember]? {
        guard case .object(let members)? = try? JSONParser.parse(Array(body.readableBytesView)) else { return nil }
        return members.filter { $0.name != "position" }
    }
}

/// Renders every document from the primary.
private struct PrimaryDocuments: DocumentReading {
    func document(
        _ key: DocumentKey, for reader: String?, atLeast: LedgerPoint?, render: @escaping DocumentRenderer
    ) async throws(LedgerError) -> (document: Document, origin: DocumentOrigin) {
        (try await render(Freshness(isFromPrimary: true)), .uncached)
    }
}
