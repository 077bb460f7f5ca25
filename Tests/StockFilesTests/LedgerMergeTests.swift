import Inventory
import InventoryTesting
import Testing

@testable import StockFiles

@Suite("The merge of ledgers")
struct LedgerMergeTests {
    @Test("each store keeps its order, and both sides of a transfer come as one", arguments: 0..<20)
    func merges(seed: Int) throws {
        var random = Random(seed: UInt64(seed))
        let ledgers = history(&random)
        let merged = merge(ledgers, pageSize: Int.random(in: 1...5, using: &random))
        var positions: [StoreID: Position] = [:]
        var onHand: [StoreID: Int64] = [:]
        func follow(_ entry: LedgerEntry) {
            #expect(entry.position == positions[entry.storeID, default: .zero].next)
            positions[entry.storeID] = entry.position
            onHand[entry.storeID, default: 0] += entry.type.sign * entry.quantity
            #expect(onHand[entry.storeID]! >= 0)
        }
        for step in merged {
            if step.count == 2 { #expect(step[0].transferID == step[1].transferID && step[0].type == .transferOut) }
            for entry in step { follow(entry) }
        }
        #expect(positions == ledgers.mapValues { Position(rawValue: Int64($0.count)) })
    }

    @Test("stores are merged by time")
    func byTime() {
        let ledgers = [
            StoreID.one: [1, 4, 5].enumerated().map { entry(.one, $0 + 1, at: $1) },
            .two: [2, 3, 6].enumerated().map { entry(.two, $0 + 1, at: $1) },
        ]
        #expect(merge(ledgers, pageSize: 1).map { $0[0].recordedAt.microseconds } == [1, 2, 3, 4, 5, 6])
    }

    @Test("a transfer of which one side is missing holds back what follows in its store, and nothing else")
    func missingSide() {
        let ledgers = [
            StoreID.one: [
                entry(.one, 1, at: 1), entry(.one, 2, at: 2, transfer: "1-2", .transferOut), entry(.one, 3, at: 3),
            ],
            .two: [entry(.two, 1, at: 4)],
        ]
        let merged = merge(ledgers, pageSize: 10).map { EntryKey(storeID: $0[0].storeID, position: $0[0].position) }
        #expect(
            merged == [
                EntryKey(storeID: .one, position: Position(rawValue: 1)),
                EntryKey(storeID: .two, position: Position(rawValue: 1)),
            ])
    }

    private func merge(_ ledgers: [StoreID: [LedgerEntry]], pageSize: Int) -> [[LedgerEntry]] {
        var merge = LedgerMerge(of: ledgers.keys.sorted())
        var rest = ledgers.mapValues { $0[...] }
        var merged: [[LedgerEntry]] = []
        while true {
            switch merge.next() {
            case .needs(let storeID):
                let page = rest[storeID]!.prefix(pageSize)
                rest[storeID]!.removeFirst(page.count)
                merge.append(Array(page), of: storeID, isLast: rest[storeID]!.isEmpty)
            case .movement(let entry): merged.append([entry])
            case .transfer(let out, let `in`): merged.append([out, `in`])
            case .finished: return merged
            }
        }
    }

    /// What happened in four stores, with clocks that differ.
    private func history(_ random: inout Random) -> [StoreID: [LedgerEntry]] {
        var ledgers: [StoreID: [LedgerEntry]] = [:]
        var onHand: [StoreID: Int64] = [:]
        let stores = (1...4).map { StoreID(rawValue: $0) }
        for moment in 0..<200 {
            func append(_ store: StoreID, _ type: MovementType, _ quantity: Int64, _ transfer: String? = nil) {
                let count = ledgers[store, default: []].count
                let last = ledgers[store]?.last?.recordedAt.microseconds ?? 0
                let time = max(last, Int64(moment) + Int64.random(in: -5...5, using: &random))
                ledgers[store, default: []].append(
                    entry(store, count + 1, at: time, transfer: transfer, type, quantity))
                onHand[store, default: 0] += type.sign * quantity
            }
            let pair = stores.shuffled(using: &random)
            let available = onHand[pair[0], default: 0]
            if available == 0 || Bool.random(using: &random) {
                append(pair[0], .stockIn, Int64.random(in: 1...3, using: &random))
            } else if Bool.random(using: &random) {
                append(pair[0], .sale, available)
            } else {
                append(pair[0], .transferOut, available, "t\(moment)")
                append(pair[1], .transferIn, available, "t\(moment)")
            }
        }
        return ledgers
    }

    private func entry(
        _ storeID: StoreID, _ position: Int, at time: Int64, transfer: String? = nil, _ type: MovementType = .stockIn,
        _ quantity: Int64 = 1
    ) -> LedgerEntry {
        LedgerEntry(
            storeID: storeID, position: Position(rawValue: Int64(position)), productID: .sugar, type: type,
            quantity: quantity, onHandAfter: 0, transferID: transfer, notes: MovementNotes(),
            recordedAt: Timestamp(microseconds: time))
    }
}
