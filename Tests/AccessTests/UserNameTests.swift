import Testing

@testable import Access

@Suite("Names of users")
struct UserNameTests {
    @Test("no name looks like another", arguments: ["ana", "ana.b", "ana-c_2", "7"])
    func valid(name: String) { #expect(UserName(name)?.description == name) }

    @Test(
        "what looks like a name is none",
        arguments: [
            // With a Cyrillic, fullwidth, accented (as one scalar and as two) or capital a, something invisible, a blank.
            "\u{430}na", "\u{FF41}na", "\u{E1}na", "a\u{301}na", "Ana", "ana\u{200B}", "an\u{AD}a", "ana ", "ana\0",
            // A Roman numeral, a Kelvin sign, the dotless i.
            "\u{2170}da", "\u{212A}im", "\u{131}da", "", "ana@shop", String(repeating: "a", count: 65),
        ])
    func invalid(name: String) { #expect(UserName(name) == nil) }
}
