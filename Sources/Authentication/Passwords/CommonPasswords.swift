import Foundation

extension Password {
    /// Whether it is among the first that anybody would try: common words, the user's name, runs on the keyboard and
    /// repetitions, in any case, with letters replaced by digits and signs that look like them, and with digits and signs
    /// around them.
    ///
    /// Published lists have few passwords of 12 characters, and nearly all of those are made like this.
    /// - Parameter own: Further words that are easy to guess here.
    public func isCommon(besides own: [String]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        let words = Self.words.union(own.map { $0.lowercased() })
        return Set(text).count <= 4
            || [text, String(text.map { Self.lookalikes[$0] ?? $0 })].contains { isGuessable($0, words) }
    }

    /// Whether less than four letters, or eight characters in all, are left without words and runs.
    private func isGuessable(_ text: String, _ words: Set<String>) -> Bool {
        var rest = Array(text)[...]
        var (letters, others) = (0, 0)
        while let first = rest.first, letters < 4, letters + others < 8 {
            if let count = Self.guessableCount(rest, words) {
                rest = rest.dropFirst(count)
            } else {
                rest = rest.dropFirst()
                if first.isLetter { letters += 1 } else { others += 1 }
            }
        }
        return letters < 4 && letters + others < 8
    }

    /// How many characters at the beginning are a word, or a run of at least four.
    private static func guessableCount(_ text: ArraySlice<Character>, _ words: Set<String>) -> Int? {
        let longest = min(text.count, 16)
        guard longest >= 3 else { return nil }
        for count in (3...longest).reversed() {
            let part = String(text.prefix(count))
            if words.contains(part) { return count }
            if count >= 4, runs.contains(where: { $0.contains(part) }) { return count }
        }
        return nil
    }

    private static let lookalikes: [Character: Character] = [
        "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
    ]

    private static let runs: [String] = {
        let rows = [
            "12345678901234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t6y7u8i9o0p",
            "1qaz2wsx3edc4rfv5tgb",
            "qazwsxedcrfvtgb", "qweasdzxc", "abcdefghijklmnopqrstuvwxyz", "qwertzuiop", "azertyuiop",
            "a1b2c3d4e5f6g7h8",
            "!@#$%^&*()",
        ]
        return rows + rows.map { String($0.reversed()) }
    }()

    private static let words = Set(
        """
        access account admin administrator alex alexander alice allah amanda amazing america amir andrea andrew angel
        angels animal anna anthony apple april arsenal ashley asim austin baby babygirl backup bailey banana barcelona
        baseball basketball batman beautiful bella benjamin bilal biteme blessed blink blue bonnie boomer boss brandon
        brian brother buddy butter butterfly buster camaro canada cash changeit changeme charlie chelsea cheese chester
        chicken chocolate chris christian class clerk coffee computer cookie cool corvette cowboy cricket crystal daddy
        dallas daniel danielle database david default demo diamond dolphin donald dragon dream eagle edward elephant
        elizabeth emily enter eric ever everything family farhan fatima ferrari flower football forever freedom friend
        friends fuck fuckyou gandalf garfield george ginger girl global gold golden google great green guest guitar hacker
        hahaha hammer hannah happy harley hassan heaven hello help hockey home honey hotdog house hunter iloveu iloveyou
        imran india internet inventory islam jackson jackie james jasmine jason jennifer jesus jessica john johnny jordan
        joseph joshua justin karachi keeper khan khata killer king kings kiran kiryana knight lahore laptop latest laura
        lauren letmein liverpool login lord love lovely lover loveme lucky maggie manager manchester marina mark martin
        master matrix matthew melissa merlin michael michelle mickey mike mohammad mommy money monkey monster morgan
        mother mountain muhammad music mustang naruto nascar natasha newyork nicholas nicole ninja nirvana nothing office
        oliver online open orange pakistan pass passcode passwd password passwort patrick peace peanut pepper phoenix
        player please pokemon prince princess private product purple qwerty rabbit rachel rainbow ranger raymond rebecca
        retail richard robert rocky root samantha samsung sarah scooter secret secure security server service shadow shop
        silver simple smith snoopy soccer sophie sparky spider spiderman staff stars starwars stock store summer sunday
        sunshine super superman superstar support sweet system taylor temp temporary tennis test tester testing thank
        the this thomas thunder tiger tigger till trustno trust unknown user username victoria victory wallet warrior
        welcome whatever william winter wizard work world yamaha yankees yellow you your zaheer zain
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
