import Inventory
import Synchronization

/// Caches the cursors of a server's lists.
///
/// The contract's cursors are opaque and continue after a response, while a ledger's lists continue after a key. So the
/// cursor of a page is kept under the key of its last item. Beyond a limit all are removed; a caller that is still
/// paging then costs a pass from the start.
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

    /// The cursor of the last known page that ended before a place.
    func cursor(before place: Place, in list: String) -> String? {
        cursors.withLock { cursors in
            cursors.lazy.filter { $0.key.list == list && $0.key.place < place }.max { $0.key.place < $1.key.place }?
                .value
        }
    }
}

/// The place of an item in a list.
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

/// The sort key of a list.
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
