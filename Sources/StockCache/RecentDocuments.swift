import NIOCore
import Synchronization

/// The documents that this process had last, so that the cache need be asked only for marks. Whether one may still be
/// served is for the marks to say, as of those that the cache keeps.
///
/// Two generations: what is asked for moves to the young one; when that has grown to half of the limit it becomes the
/// old one, and what was not asked for meanwhile is forgotten.
final class RecentDocuments: Sendable {
    private struct Generations {
        var young: [DocumentKey: Document] = [:]
        var old: [DocumentKey: Document] = [:]
        var youngBytes = 0
    }

    private let maximumBytes: Int
    private let generations = Mutex(Generations())

    /// What a document takes besides its name and body, roughly.
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
            // Whoever gets it from here gets it from the cache.
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
