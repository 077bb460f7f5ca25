import NIOCore
import Synchronization

/// The documents that this process used last, so that only the marks must be read from Redis. As with cached documents,
/// the marks decide whether one may be served.
///
/// Approximates LRU with two generations: a document that is used moves to the young one; when that reaches half of the
/// limit, it becomes the old one, and the previous old one is dropped.
final class RecentDocuments: Sendable {
    private struct Generations {
        var young: [DocumentKey: Document] = [:]
        var old: [DocumentKey: Document] = [:]
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
        generations.withLock { generations in
            if let document = generations.young[key] { return document }
            guard let document = generations.old.removeValue(forKey: key) else { return nil }
            insert(document, key, &generations)
            return document
        }
    }

    /// Keeps a document in place of an older one.
    func keep(_ document: Document, _ key: DocumentKey) {
        generations.withLock { generations in
            let known = generations.young[key] ?? generations.old[key]
            if let known, known.stamp.covers(document.stamp) { return }
            generations.old[key] = nil
            // A document from here counts as one from the cache.
            let kept = Document(stamp: document.stamp, body: document.body, next: document.next, source: nil)
            insert(kept, key, &generations)
        }
    }

    private func insert(_ document: Document, _ key: DocumentKey, _ generations: inout Generations) {
        let bytes = Self.bytes(document, key)
        guard bytes <= maximumBytes / 2 else { return }
        if generations.youngBytes + bytes > maximumBytes / 2 {
            generations.old = generations.young
            (generations.young, generations.youngBytes) = ([:], 0)
        }
        if let replaced = generations.young.updateValue(document, forKey: key) {
            generations.youngBytes -= Self.bytes(replaced, key)
        }
        generations.youngBytes += bytes
    }

    private static func bytes(_ document: Document, _ key: DocumentKey) -> Int {
        document.body.readableBytes + key.name.utf8.count + overheadBytes
    }
}
