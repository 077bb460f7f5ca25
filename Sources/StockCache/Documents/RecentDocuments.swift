import Inventory
import NIOCore
import Synchronization

/// The documents that this process used last, so that only the marks must be read from Redis. As with cached documents,
/// the marks decide whether one may be served.
///
/// Those from Redis are verified before they are kept, and then not again.
///
/// Approximates LRU with two generations: a document that is used moves to the young one; when that reaches half of the
/// limit, it becomes the old one, and the previous old one is dropped.
final class RecentDocuments: Sendable {
    private struct Kept {
        let document: Document
        let renderedAt: Timestamp
    }

    private struct Generations {
        var young: [DocumentKey: Kept] = [:]
        var old: [DocumentKey: Kept] = [:]
        var youngBytes = 0
    }

    private let maximumBytes: Int
    private let generations = Mutex(Generations())

    /// Approximate memory of a document besides its name and body.
    private static let overheadBytes = 256

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    func document(_ key: DocumentKey) -> Document? {
        let kept: Kept? = generations.withLock { generations in
            if let kept = generations.young[key] { return kept }
            guard let kept = generations.old.removeValue(forKey: key) else { return nil }
            insert(kept, key, &generations)
            return kept
        }
        return kept.flatMap { DocumentAge.isValid($0.renderedAt) ? $0.document : nil }
    }

    /// Keeps a document in place of an older one, or of one that is the same and was rendered earlier.
    func keep(_ document: Document, _ key: DocumentKey, renderedAt: Timestamp) {
        generations.withLock { generations in
            if let known = generations.young[key] ?? generations.old[key], DocumentAge.isValid(known.renderedAt),
                known.document.stamp.covers(document.stamp),
                known.document.stamp != document.stamp || known.renderedAt >= renderedAt
            {
                return
            }
            generations.old[key] = nil
            // A document from here counts as one from the cache.
            let kept = Document(stamp: document.stamp, body: document.body, next: document.next, source: nil)
            insert(Kept(document: kept, renderedAt: renderedAt), key, &generations)
        }
    }

    private func insert(_ kept: Kept, _ key: DocumentKey, _ generations: inout Generations) {
        let bytes = Self.bytes(kept, key)
        guard bytes <= maximumBytes / 2 else { return }
        if generations.youngBytes + bytes > maximumBytes / 2 {
            generations.old = generations.young
            (generations.young, generations.youngBytes) = ([:], 0)
        }
        if let replaced = generations.young.updateValue(kept, forKey: key) {
            generations.youngBytes -= Self.bytes(replaced, key)
        }
        generations.youngBytes += bytes
    }

    private static func bytes(_ kept: Kept, _ key: DocumentKey) -> Int {
        kept.document.body.readableBytes + key.name.utf8.count + overheadBytes
    }
}
