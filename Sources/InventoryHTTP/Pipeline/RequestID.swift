import Synchronization

/// The id of a request in responses, logs and the audit log.
enum RequestID {
    private static let seed = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)
    private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)

    /// The client's `X-Request-Id` if it is 1–128 visible ASCII characters, otherwise a new one.
    static func takenOver(from header: String?) -> String {
        guard let header, (1...128).contains(header.utf8.count), header.isVisibleASCII else { return generated() }
        return header
    }

    /// Thirteen characters: short enough to be stored inline in the `String`, without an allocation.
    private static func generated() -> String {
        var rest = mixed(seed &+ count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
        return String(unsafeUninitializedCapacity: 13) { buffer in
            for index in 0..<13 {
                buffer[index] = digits[Int(rest & 31)]
                rest >>= 5
            }
            return 13
        }
    }

    /// A bijection, so no id repeats within a process.
    /// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014), SplitMix64.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var z = number
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension StringProtocol {
    /// Only characters from `!` to `~`.
    var isVisibleASCII: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}
