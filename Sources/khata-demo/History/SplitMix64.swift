import Foundation

/// A generator that brings the same numbers for the same seed, everywhere.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// One of many sequences that have nothing to do with each other.
    init(stream: UInt64) {
        var seeds = SplitMix64(seed: stream)
        state = seeds.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension SplitMix64 {
    /// In 0 ..< 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

    /// How many of many rare events happen. Source: Knuth, TAOCP 2, 3.4.1, algorithm for the Poisson distribution.
    mutating func poisson(_ mean: Double) -> Int {
        let limit = exp(-mean)
        var (count, product) = (0, fraction())
        while product > limit {
            count += 1
            product *= fraction()
        }
        return count
    }

    /// Draws without replacement, likelier what has more weight; first drawn, first in the list.
    /// Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", IPL 97 (2006).
    mutating func drawn<Element>(_ count: Int, of elements: [Element], weight: (Element) -> Double) -> [Element] {
        var keyed: [(key: Double, element: Element)] = []
        for element in elements {
            keyed.append((-log(1 - fraction()) / weight(element), element))
        }
        keyed.sort { $0.key < $1.key }
        return keyed.prefix(count).map(\.element)
    }
}
