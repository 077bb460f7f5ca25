import Inventory
import Testing

@Suite("Texts for spreadsheets")
struct SpreadsheetTextTests {
    @Test(
        "what begins like a formula gets an apostrophe, also after what separates cells elsewhere",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("＝1", "'＝1"), ("'=1", "''=1"), ("''", "''"), ("'tis", "'tis"), ("Tea;=1;b", "Tea;'=1;b"),
            ("Tea 1-2", "Tea 1-2"), ("a=b", "a=b"), ("", ""), ("چائے", "چائے"), ("e\u{301}=", "e\u{301}="),
        ])
    func escaped(text: String, expected: String) {
        #expect(text.escapedForSpreadsheets == expected)
        #expect(Array(expected.unescapedFromSpreadsheets.utf8) == Array(text.utf8))
    }

    @Test("every text comes back")
    func all() {
        let alphabet: [Character] = ["'", "=", "-", ";", "a", "\t"]
        var texts = [""]
        for _ in 0..<6 { texts += texts.flatMap { text in alphabet.map { text + String($0) } } }
        for text in Set(texts) { #expect(text.escapedForSpreadsheets.unescapedFromSpreadsheets == text) }
        #expect(Set(Set(texts).map(\.escapedForSpreadsheets)).count == Set(texts).count)
    }
}
