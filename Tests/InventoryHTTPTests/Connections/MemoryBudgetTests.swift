import Testing

@testable import InventoryHTTP

@Suite("Memory for bodies and responses")
struct MemoryBudgetTests {
    private let budget = MemoryBudget(bytes: 1_200)

    private func hold(_ principal: String) -> MemoryHold { MemoryHold(budget, for: principal) }

    @Test("one gets half of it, two get a third each, and others find room")
    func shares() {
        let one = hold("one")
        #expect(one.resize(to: 600))
        #expect(!one.resize(to: 601))
        #expect(one.resize(to: 400))
        let two = hold("two")
        #expect(two.resize(to: 400))
        #expect(!two.resize(to: 401) && !one.resize(to: 401))
        #expect(hold("three").resize(to: 200))
    }

    @Test("all that one holds counts together")
    func together() {
        let holds = (1...6).map { _ in hold("one") }
        for hold in holds { #expect(hold.resize(to: 100)) }
        #expect(!hold("one").resize(to: 100))
        #expect(hold("two").resize(to: 100))
    }

    @Test("what is no longer held is free again")
    func release() {
        do {
            let hold = hold("one")
            #expect(hold.resize(to: 600))
            #expect(hold.resize(to: 1))
            #expect(budget.free == 1_199)
        }
        #expect(budget.free == 1_200)
    }
}
