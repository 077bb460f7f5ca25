internal import Synchronization

/// A number that a metric family has for each combination of its labels. Updating it takes no lock and allocates nothing.
public protocol Instrument: AnyObject, Sendable {
    init(_ shape: InstrumentShape)
}

/// What instruments of one family have in common.
public struct InstrumentShape: Sendable {
    /// How many of the units in which values are counted make one in which they are exposed: 1e9 for nanoseconds that are
    /// exposed as seconds.
    var perUnit = 1.0
    /// The upper bounds of a histogram's buckets, ascending, in counted units; the last bucket has none.
    var bounds: [Int] = []
    /// Whether a histogram without values is left out.
    var hidesUnused = false
}

/// Only increases.
public final class Counter: Instrument {
    private let count = Atomic<Int>(0)

    public init(_ shape: InstrumentShape) {}

    public func add(_ number: Int = 1) {
        count.wrappingAdd(number, ordering: .relaxed)
    }

    /// For what is counted elsewhere.
    public func set(_ number: Int) {
        count.store(number, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }
}

/// Increases and decreases.
public final class Gauge: Instrument {
    private let bits = Atomic<UInt64>(0)
    private let sum = Atomic<Int>(0)

    public init(_ shape: InstrumentShape) {}

    public func set(_ number: Double) {
        bits.store(number.bitPattern, ordering: .relaxed)
    }

    public func add(_ number: Int) {
        sum.wrappingAdd(number, ordering: .relaxed)
    }

    public var value: Double {
        Double(bitPattern: bits.load(ordering: .relaxed)) + Double(sum.load(ordering: .relaxed))
    }
}

/// Counts values in fixed buckets: two atomic additions for each value.
///
/// `@unchecked Sendable`: the memory of its buckets is allocated here, and only accessed atomically.
public final class Histogram: Instrument, @unchecked Sendable {
    private let shape: InstrumentShape
    private let buckets: UnsafeMutablePointer<Atomic<Int>>
    private let total = Atomic<Int>(0)

    public init(_ shape: InstrumentShape) {
        self.shape = shape
        buckets = .allocate(capacity: shape.bounds.count + 1)
        for index in 0...shape.bounds.count { (buckets + index).initialize(to: Atomic(0)) }
    }

    var bounds: [Int] { shape.bounds }
    var perUnit: Double { shape.perUnit }
    var isHidden: Bool { shape.hidesUnused && values.buckets.allSatisfy { $0 == 0 } }

    deinit {
        buckets.deinitialize(count: bounds.count + 1).deallocate()
    }

    public func observe(_ value: Int) {
        let bounds = shape.bounds
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        buckets[index].wrappingAdd(1, ordering: .relaxed)
        total.wrappingAdd(value, ordering: .relaxed)
    }

    /// For a family in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }

    /// The count of each bucket by itself, the one without a bound last; and the sum of all values.
    public var values: (buckets: [Int], sum: Int) {
        ((0...bounds.count).map { buckets[$0].load(ordering: .relaxed) }, total.load(ordering: .relaxed))
    }
}
