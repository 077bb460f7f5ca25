import Testing

@testable import AMQP

@Suite("confirms")
struct ConfirmsTests {
    private func confirms(_ count: Int, maximum: Int = 10) -> Confirms<Int> {
        var confirms = Confirms<Int>(maximum: maximum)
        for number in 0..<count { confirms.append(number + 1) }
        return confirms
    }

    @Test("come in any order, one at a time or many")
    func anyOrder() throws {
        var confirms = confirms(6)
        #expect(try confirms.receive(tag: 3, isMultiple: false) == [3])
        #expect(try confirms.receive(tag: 4, isMultiple: true) == [1, 2, 4])
        #expect(try confirms.receive(tag: 6, isMultiple: false) == [6])
        #expect(confirms.isEmpty == false)
        #expect(try confirms.receive(tag: 0, isMultiple: true) == [5])
        #expect(confirms.isEmpty == true)
    }

    @Test("of what is settled change nothing, and of what was not published are refused")
    func unknown() throws {
        var confirms = confirms(3)
        #expect(try confirms.receive(tag: 2, isMultiple: true) == [1, 2])
        #expect(try confirms.receive(tag: 1, isMultiple: false) == [])
        #expect(try confirms.receive(tag: 2, isMultiple: true) == [])
        for (tag, isMultiple) in [(0, false), (4, false), (4, true), (.max, true)] as [(UInt64, Bool)] {
            do {
                _ = try confirms.receive(tag: tag, isMultiple: isMultiple)
                Issue.record("tag \(tag) is taken")
            } catch {
                #expect(error.kind == .protocolViolation)
            }
        }
    }

    @Test("that are missing hold up what is behind them, so that no more than the maximum are kept")
    func room() throws {
        var confirms = confirms(4, maximum: 4)
        #expect(confirms.hasRoom == false)
        for tag: UInt64 in 2...4 { _ = try confirms.receive(tag: tag, isMultiple: false) }
        #expect(confirms.hasRoom == false)
        #expect(try confirms.receive(tag: 1, isMultiple: false) == [1])
        #expect(confirms.hasRoom == true)
        confirms.append(5)
        #expect(try confirms.receive(tag: 5, isMultiple: false) == [5])
    }

    @Test("of every order settle each message once")
    func shuffled() throws {
        for _ in 0..<200 {
            var confirms = confirms(10)
            var settled: [Int] = []
            for tag in (1...10).shuffled() {
                settled += try confirms.receive(tag: UInt64(tag), isMultiple: .random())
            }
            #expect(settled.sorted() == Array(1...10))
            #expect(confirms.isEmpty == true)
        }
    }
}

@Suite("settlement")
struct SettlementTests {
    @Test("the settled prefix is acknowledged, whatever the order")
    func prefix() throws {
        for _ in 0..<200 {
            var settlement = Settlement(prefetch: 20)
            for tag in 1...20 as ClosedRange<UInt64> { try settlement.deliver(tag) }
            var settled: Set<UInt64> = []
            for tag in (1...20 as ClosedRange<UInt64>).shuffled() {
                settled.insert(tag)
                let before = settled.subtracting([tag])
                let prefix = (1...20 as ClosedRange<UInt64>).prefix { settled.contains($0) }.last
                let isNew = prefix != (1...20 as ClosedRange<UInt64>).prefix { before.contains($0) }.last
                #expect(settlement.settle(tag) == isNew)
                let acknowledged = settlement.takeAcknowledgement()
                #expect(acknowledged == (isNew ? prefix : nil))
            }
            #expect(settlement.takeAcknowledgement() == nil)
        }
    }

    @Test("unknown and settled tags change nothing")
    func unknown() throws {
        var settlement = Settlement(prefetch: 2)
        try settlement.deliver(1)
        for tag: UInt64 in [0, 2, .max] {
            let isNew = settlement.settle(tag)
            #expect(!isNew)
        }
        let first = settlement.settle(1)
        let second = settlement.settle(1)
        #expect(first && !second)
    }

    @Test("more than the prefetch, or another tag than the next one, is refused", arguments: [1, 3, 4, 0, .max])
    func refused(tag: UInt64) throws {
        var settlement = Settlement(prefetch: 2)
        try settlement.deliver(1)
        do {
            try settlement.deliver(tag)
            Issue.record("it is taken")
        } catch {
            #expect(error.kind == .protocolViolation)
        }
        try settlement.deliver(2)
        _ = settlement.settle(1)
        do {
            // Settled, but not acknowledged.
            try settlement.deliver(3)
            Issue.record("it is taken")
        } catch {
            #expect(error.kind == .protocolViolation)
        }
        let acknowledged = settlement.takeAcknowledgement()
        #expect(acknowledged == 1)
        try settlement.deliver(3)
    }
}
