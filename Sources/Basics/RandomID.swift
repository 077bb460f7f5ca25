extension String {
    /// Thirteen characters (0-9, a-z) that nobody else has.
    package static func randomID() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 36)
        return String(repeating: "0", count: 13 - text.count) + text
    }
}
