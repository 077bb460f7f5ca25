/// Which master serves each slot of a cluster
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model).
struct SlotMap: Sendable, Hashable {
    static let slots = 16_384
    /// More are refused: each of them costs connections.
    static let maximumMasters = 128
    private static let unserved = UInt8.max

    /// Those that serve slots.
    private(set) var masters: [RedisAddress] = []
    /// For each slot an index of `masters`.
    private var owners = [UInt8](repeating: Self.unserved, count: Self.slots)

    /// Reads the reply to `CLUSTER SLOTS`. A slot whose master has no address is not served.
    /// - Parameter server: Where the reply is from: a node may not know its own host.
    /// - Throws: `.protocolViolation` if the reply contradicts itself, or names too many masters.
    init(_ reply: RedisValue, from server: RedisAddress) throws(RedisError) {
        if let error = reply.error { throw error }
        guard let ranges = reply.array else { throw Self.invalid("is not a list") }
        var indices: [RedisAddress: UInt8] = [:]
        for range in ranges {
            let (slots, master) = try Self.read(range, from: server)
            guard let master else { continue }
            let index = indices[master] ?? UInt8(masters.count)
            if indices.updateValue(index, forKey: master) == nil { masters.append(master) }
            guard masters.count <= Self.maximumMasters else {
                throw Self.invalid("names more than \(Self.maximumMasters) masters")
            }
            for slot in slots {
                guard owners[slot] == Self.unserved else { throw Self.invalid("gives slot \(slot) to two masters") }
                owners[slot] = index
            }
        }
    }

    /// `nil` if the slot is not served.
    func master(of slot: Int) -> RedisAddress? {
        let index = owners[slot]
        return index == Self.unserved ? nil : masters[Int(index)]
    }

    var unservedSlots: Int { owners.count { $0 == Self.unserved } }

    /// First and last slot, then the master and its replicas, each with host, port and more.
    private static func read(
        _ range: RedisValue, from server: RedisAddress
    ) throws(RedisError) -> (ClosedRange<Int>, RedisAddress?) {
        guard let fields = range.array, fields.count >= 3, let first = fields[0].int64, let last = fields[1].int64,
            0 <= first, first <= last, last < slots, let node = fields[2].array, node.count >= 2
        else { throw invalid("has a range that is none") }
        let range = Int(first)...Int(last)
        var host = node[0].string
        // A node that does not know, or does not tell, under which host it is reached: it is the one that was used.
        if node[0].isNull || host == "", case .host(let used, _) = server { host = used }
        // A node whose host name is to be announced, but is not configured.
        if host == "?" { return (range, nil) }
        guard let host, let master = RedisAddress(announced: host, port: node[1].int64) else {
            throw invalid("has a node without an address")
        }
        return (range, master)
    }

    private static func invalid(_ what: String) -> RedisError {
        RedisError(.protocolViolation, "the reply to CLUSTER SLOTS \(what)")
    }
}
