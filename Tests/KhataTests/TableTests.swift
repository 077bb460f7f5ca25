import Testing

@testable import khata

@Suite("Tables")
struct TableTests {
    private let plain = Styling(isTerminal: false, environment: [:])

    @Test("numbers stand right, texts left, and no line ends in spaces")
    func alignment() {
        var table = Table([.number("ID"), .text("NAME"), .number("ON HAND"), .text("UNIT")], styling: plain)
        let lines = table.lines([
            ["7", "Tea", .amount(1_250), "pack"], ["1024", "Sugar 1kg", .amount(-3), "kg"],
        ])
        #expect(
            lines == [
                "  ID  NAME       ON HAND  UNIT",
                "   7  Tea          1,250  pack",
                "1024  Sugar 1kg       -3  kg",
            ])
    }

    @Test("what is wide takes its two columns, and marks take none")
    func width() {
        var table = Table([.text("NAME"), .number("ON HAND")], styling: plain)
        let lines = table.lines([
            ["砂糖", .amount(1)], ["Cafe\u{301}", .amount(2)], ["چینی", .amount(3)], ["🍎 xyz", .amount(4)],
        ])
        #expect(
            lines == [
                "NAME    ON HAND", "砂糖          1", "Cafe\u{301}          2", "چینی          3", "🍎 xyz        4",
            ])
    }

    @Test(
        "columns of a text",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}\u{327}", 1), ("\u{301}", 0), ("한글", 4),
            ("\u{1112}\u{1161}\u{11AB}", 2), ("한", 2),
            ("ｶﾅ", 2), ("カナ", 4), ("Ａ", 2), ("👨‍👩‍👧", 2), ("🇵🇰", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("کھاتا", 5),
            ("हिन्दी", 3), ("🛒🛒", 4), ("𠮷", 2), ("a\u{200B}b", 2), ("×", 1),
        ])
    func columns(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test("later rows have no titles, and columns stay as wide as they were")
    func parts() {
        var table = Table([.text("NAME"), .number("N")], styling: plain)
        #expect(table.lines([]) == [])
        #expect(table.lines([["Sugar", "1"]]) == ["NAME   N", "Sugar  1"])
        #expect(table.lines([["Tea", "22"]]) == ["Tea    22"])
    }

    @Test("a name does not steer the terminal")
    func controls() {
        var table = Table([.text("NAME")], styling: plain)
        #expect(table.lines([[Table.Cell("a\u{1B}[31m\nb\u{9B}")]]) == ["NAME", "a\u{FFFD}[31m\u{FFFD}b\u{FFFD}"])
    }

    @Test("styles do not count as width, and are there on a terminal only")
    func styles() {
        let terminal = Styling(isTerminal: true, environment: ["TERM": "xterm"])
        var table = Table([.text("S"), .text("T")], styling: terminal)
        #expect(
            table.lines([[Table.Cell("no", .alarm), "x"]]) == [
                "\u{1B}[1mS\u{1B}[0m   \u{1B}[1mT\u{1B}[0m", "\u{1B}[31mno\u{1B}[0m  x",
            ])
        #expect(Styling(isTerminal: true, environment: ["NO_COLOR": ""]).isOn)
        #expect(!Styling(isTerminal: true, environment: ["NO_COLOR": "1"]).isOn)
        #expect(!Styling(isTerminal: true, environment: ["TERM": "dumb"]).isOn)
        #expect(!Styling(isTerminal: false, environment: ["TERM": "xterm"]).isOn)
    }
}
