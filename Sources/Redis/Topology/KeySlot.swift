extension SlotMap {
    /// The slot of a key. Only what is between the first `{` and the next `}` counts, if that is anything
    /// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
    static func slot(of key: String) -> Int {
        let bytes = key.utf8
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")) else { return Int(crc(bytes[...])) % slots }
        let tag = bytes[bytes.index(after: open)...].prefix { $0 != UInt8(ascii: "}") }
        return Int(crc(tag.isEmpty || tag.endIndex == bytes.endIndex ? bytes[...] : tag)) % slots
    }

    /// CRC-16/XMODEM, which the cluster's specification has in appendix A.
    private static func crc(_ bytes: Substring.UTF8View) -> UInt16 {
        bytes.reduce(0) { crc, byte in crc << 8 ^ table[Int(UInt8(crc >> 8) ^ byte)] }
    }

    /// What each byte contributes.
    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }
}
