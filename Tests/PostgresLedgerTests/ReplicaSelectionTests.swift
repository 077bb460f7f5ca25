import Postgres
import Testing

@testable import PostgresLedger

@Suite("The choice of a replica")
struct ReplicaSelectionTests {
    private let start = ContinuousClock.now
    private let refused = Heartbeat.unreachable(PostgresError(.connection, "refused"))

    private func choices(
        _ selection: inout ReplicaSelection, _ count: Int, _ need: ReplicaSelection.Need = .current
    ) -> [Int?] {
        (0..<count).map { _ in selection.begin(need, except: nil, at: start) }
    }

    private func choice(
        _ selection: inout ReplicaSelection, _ need: ReplicaSelection.Need = .current, except tried: Int?
    ) -> Int? {
        selection.begin(need, except: tried, at: start)
    }

    private func isChange(_ selection: inout ReplicaSelection, _ heartbeat: Heartbeat, of number: Int) -> Bool {
        selection.note(heartbeat, of: number)
    }

    @Test("is the one with the fewest reads in flight; those that are equal take turns")
    func leastBusy() {
        var selection = ReplicaSelection(count: 3)
        #expect(choices(&selection, 6).compactMap(\.self).sorted() == [0, 0, 1, 1, 2, 2])
        selection.end(1, .served, at: start)
        #expect(choices(&selection, 1) == [1])
        #expect((0..<3).map { selection.readsInFlight(on: $0) } == [2, 2, 2])
        for number in 0..<3 {
            for _ in 0..<2 { selection.end(number, .served, at: start) }
        }
        var inTurn: Set<Int?> = []
        for _ in 0..<3 {
            let chosen = selection.begin(.current, except: nil, at: start)
            inTurn.insert(chosen)
            if let chosen { selection.end(chosen, .served, at: start) }
        }
        #expect(inTurn == [0, 1, 2])
    }

    @Test("is not the one that was tried; there may be none")
    func tried() {
        var selection = ReplicaSelection(count: 2)
        #expect(choice(&selection, .current, except: 0) == 1)
        #expect(choice(&selection, .current, except: 0) == 1)
        var single = ReplicaSelection(count: 1)
        #expect(choice(&single, .current, except: 0) == nil)
    }

    @Test("is none with a fault, and one that is behind only for what it may have")
    func faults() {
        var selection = ReplicaSelection(count: 4)
        #expect(isChange(&selection, .unfit(.otherHistory), of: 0))
        #expect(!isChange(&selection, .unfit(.otherHistory), of: 0))
        #expect(isChange(&selection, .alive(.far), of: 1))
        #expect(!isChange(&selection, .alive(.behind), of: 2))
        #expect((0..<4).map { selection.fault(of: $0) } == [.otherHistory, .farBehind, nil, nil])
        #expect(choices(&selection, 3, .current) == [3, 3, 3])
        // However busy the other one is.
        #expect(choices(&selection, 1, .known) == [3])
        #expect(choice(&selection, .known, except: 3) == 2)
        #expect(isChange(&selection, refused, of: 3))
        #expect(choices(&selection, 1, .current) == [nil])
        #expect(choices(&selection, 1, .known) == [2])
        // With the primary away, even what is far behind.
        #expect(choice(&selection, .any, except: 2) == 1)
        // Then also one that could not be reached, rather than none.
        #expect(isChange(&selection, refused, of: 1) && isChange(&selection, refused, of: 2))
        #expect(choices(&selection, 1, .known) == [nil])
        #expect(choice(&selection, .any, except: nil).map { $0 > 0 } == true)
        #expect(isChange(&selection, .alive(.none), of: 0))
        #expect(choices(&selection, 1, .current) == [0])
    }

    @Test(
        "one that was behind for a read is not chosen for a moment, unless it is known to be enough and no other is left"
    )
    func behind() {
        var selection = ReplicaSelection(count: 2)
        #expect(choice(&selection, .current, except: 1) == 0)
        selection.end(0, .behind, at: start)
        #expect(choices(&selection, 3) == [1, 1, 1])
        #expect(choice(&selection, .known, except: nil) == 1)
        #expect(choice(&selection, .known, except: 1) == 0)
        selection.end(0, .served, at: start)
        let later = selection.begin(.current, except: nil, at: start + .milliseconds(20))
        #expect(later == 0)
    }

    @Test("one that could not be reached is left out for a time that grows, and is bounded")
    func backoff() {
        var selection = ReplicaSelection(count: 1)
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<10 {
            for _ in 0..<3 { _ = selection.begin(.current, except: nil, at: now) }
            let failed = now
            // Several that lost it together count once.
            for _ in 0..<3 { selection.end(0, .unreachable, at: now) }
            while selection.begin(.current, except: nil, at: now) == nil { now += .milliseconds(10) }
            selection.end(0, .undecided, at: now)
            pauses.append(now - failed)
        }
        #expect(pauses[0] >= .milliseconds(50) && pauses[0] <= .milliseconds(110))
        #expect(pauses[9] >= .milliseconds(2_500) && pauses[9] <= .milliseconds(5_010))
        #expect(selection.results(of: 0) == [.unreachable: 30, .undecided: 10])
    }

    @Test("a server that was silent is silent until it responds")
    func silent() {
        var selection = ReplicaSelection(count: 1)
        for (heartbeat, isSilent) in [
            (Heartbeat.silent, true), (refused, true),
            (.alive(.behind), false),
            // A refused connection is no silence: reads in flight may be served.
            (refused, false),
        ] {
            _ = selection.note(heartbeat, of: 0)
            #expect(selection.isSilent(0) == isSilent, "\(heartbeat)")
        }
    }
}
