import Inventory
import Testing

@Suite("Texts in CSV")
struct CSVTextTests {
    @Test(
        "a text with what separates fields or records is quoted, and its quotation marks are doubled",
        arguments: [
            ("a", "a"), ("a,b", "\"a,b\""), ("\"", "\"\"\"\""), ("a\r\nb", "\"a\r\nb\""), ("'", "'"),
            // A quotation mark and an accent on it.
            ("\"\u{301},=1", "\"\"\"\u{301},=1\""), (",\u{301}", "\",\u{301}\""),
        ])
    func quoted(text: String, expected: String) {
        #expect(Array(text.quotedForCSV.utf8) == Array(expected.utf8))
    }

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
