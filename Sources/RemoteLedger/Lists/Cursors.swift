import Inventory
import Synchronization

/// Remembers how a server's lists go on.
///
/// The contract's cursors are opaque: they go on after an answer, while a ledger's lists go on after a key. So the cursor
/// that came with a page is kept under the key of its last item. Beyond a limit all are forgotten, which costs who
/// still pages the way from the start.
final class Cursors: Sendable {
    private struct Key: Hashable {
        let list: String
        let place: Place
    }

    private static let maximum = 10_000
    private let cursors = Mutex<[Key: String]>([:])

    func remember(_ cursor: String, after place: Place, in list: String) {
        cursors.withLock { cursors in
            if cursors.count >= Self.maximum { cursors.removeAll() }
            cursors[Key(list: list, place: place)] = cursor
        }
    }

    func cursor(after place: Place, in list: String) -> String? {
        cursors.withLock { $0[Key(list: list, place: place)] }
    }

    /// The cursor of the page that ended last before a place.
    func cursor(before place: Place, in list: String) -> String? {
        cursors.withLock { cursors in
            cursors.lazy.filter { $0.key.list == list && $0.key.place < place }.max { $0.key.place < $1.key.place }?
                .value
        }
    }
}

/// Where an item stands in a list.
struct Place: Hashable, Comparable, Sendable {
    let major: Int64
    let minor: Int64

    init(_ major: Int64, _ minor: Int64 = 0) {
        self.major = major
        self.minor = minor
    }

    static func < (lhs: Place, rhs: Place) -> Bool {
        (lhs.major, lhs.minor) < (rhs.major, rhs.minor)
    }
}

/// What lists are in order of.
protocol ListKey: Sendable {
    var place: Place { get }
}

extension ProductID: ListKey {
    var place: Place { Place(rawValue) }
}

extension StoreID: ListKey {
    var place: Place { Place(rawValue) }
}

extension EntryKey: ListKey {
    var place: Place { Place(storeID.rawValue, position.rawValue) }
}

extension ReportRow.Key: ListKey {
    var place: Place { Place(productID.rawValue, group) }
}
