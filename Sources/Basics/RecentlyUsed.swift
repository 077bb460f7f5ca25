/// A dictionary of bounded size: it keeps the `capacity` values that were set last, and at most twice as many.
///
/// Approximates LRU with two generations: when the young one is full, it becomes the old one, and the previous old one is
/// dropped. So nothing is ever searched or sorted, whoever fills it.
package struct RecentlyUsed<Key: Hashable, Value> {
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package subscript(key: Key) -> Value? {
        get { young[key] ?? old[key] }
        set {
            old[key] = nil
            young[key] = newValue
            if young.count >= capacity { (old, young) = (young, [:]) }
        }
    }

    package subscript(key: Key, default value: @autoclosure () -> Value) -> Value {
        get { self[key] ?? value() }
        set { self[key] = newValue }
    }
}

extension RecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
