import Inventory
import Testing

@Suite("Printable texts")
struct PrintableTextTests {
    @Test(
        "names in the scripts of Khata's users, and emoji, are printable",
        arguments: [
            "Sugar 1kg", "چائے", "می\u{200C}خواهم", "نان\u{200C}ها", "क्\u{200D}ष", "শ্\u{200D}রী", "ത്\u{200D}",
            "ශ්\u{200D}රී",
            "بِسْمِ", "Café", "Cafe\u{301}", "👨\u{200D}👩\u{200D}👧", "🏳\u{FE0F}\u{200D}🌈", "❤\u{FE0F}", "1\u{FE0F}\u{20E3}",
            "日本",
            "👍🏽", "۱۲۳",
        ])
    func printable(text: String) {
        #expect(isPrintable(text, atMost: 40))
    }

    @Test(
        "bidirectional and invisible characters are not, wherever they are",
        arguments: [
            "\u{202E}rag\u{202C}", "a\u{2066}b\u{2069}", "a\u{202A}b", "a\u{200E}b", "چ\u{200F}ا", "\u{061C}چ",
            "Su\u{200B}gar", "Sugar\u{200B}", "\u{FEFF}Sugar", "Su\u{00AD}gar", "Su\u{2060}gar", "a\u{034F}b",
            "\u{3164}",
            "\u{115F}", "a\u{E0041}", "a\u{180E}b",
            // Joiners that join nothing.
            "Su\u{200C}gar", "Su\u{200D}gar", "Sugar\u{200D}", "\u{200D}چ", "\u{200C}", "چ\u{200C}", "چ\u{200C} ا",
            "چ \u{200C}ا", "چ\u{200C}\u{200C}ا", "چ\u{200D}a", "Sugar\u{FE0F}", "Sugar 1\u{FE0F}kg", "\u{FE0F}",
            "a\u{FE00}",
            "", " ", "\u{00A0}", "a\u{0}", "a\u{7F}", "a\u{85}", "a\nb", "a\u{2028}b", "a\u{2029}b",
        ])
    func unprintable(text: String) {
        #expect(!isPrintable(text, atMost: 40))
    }

    @Test("the length counts scalars")
    func length() {
        #expect(isPrintable(String(repeating: "چ", count: 40), atMost: 40))
        #expect(!isPrintable(String(repeating: "چ", count: 41), atMost: 40))
        #expect(!isPrintable("a" + String(repeating: "\u{301}", count: 40), atMost: 40))
    }
}
