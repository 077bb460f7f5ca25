import Testing

@testable import Postgres

@Suite("the bookkeeping of a pool")
struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine<Int, String, String>
    private let start = ContinuousClock.now

    private func machine(members: Int = 1, waiting: Int = 2) -> Machine {
        Machine(maximumMembers: members, maximumWaiting: waiting)
    }

    @Test("makes members up to its limit, then lets wait up to its limit, then refuses")
    func limits() {
        var machine = machine(members: 2, waiting: 1)
        #expect(machine.lease(to: "a", id: 1, deadline: start).isMake)
        #expect(machine.lease(to: "b", id: 2, deadline: start).isMake)
        #expect(machine.lease(to: "c", id: 3, deadline: start).watch == true)
        #expect(machine.lease(to: "d", id: 4, deadline: start).refusal?.kind == .exhausted)
        #expect(machine.status == PoolStatus(busy: 2, idle: 0, waiting: 1))
    }

    @Test("uses the warm member that came back last; one that lost its connection only after all others")
    func warmth() {
        var machine = machine(members: 3)
        for id in 1...3 { _ = machine.lease(to: "", id: UInt64(id), deadline: start) }
        #expect(machine.release(1, isWarm: true).isKeep)
        #expect(machine.release(2, isWarm: true).isKeep)
        #expect(machine.release(3, isWarm: false).isKeep)
        let order = (4...6).map { machine.lease(to: "", id: $0, deadline: start).member }
        #expect(order == [2, 1, 3])
        #expect(machine.status == PoolStatus(busy: 3, idle: 0, waiting: 0))
    }

    @Test("hands a member over to who waits longest")
    func handOver() {
        var machine = machine()
        _ = machine.lease(to: "a", id: 1, deadline: start)
        _ = machine.lease(to: "b", id: 2, deadline: start)
        _ = machine.lease(to: "c", id: 3, deadline: start)
        #expect(machine.release(7, isWarm: true).receiver == "b")
        #expect(machine.release(7, isWarm: false).receiver == "c")
        #expect(machine.release(7, isWarm: true).isKeep)
    }

    @Test("returns a waiter once: cancelled, expired, served or refused")
    func once() {
        var machine = machine(waiting: 4)
        _ = machine.lease(to: "a", id: 1, deadline: start)
        for (id, name) in [(2, "b"), (3, "c"), (4, "d"), (5, "e")] as [(UInt64, String)] {
            _ = machine.lease(to: name, id: id, deadline: start + .seconds(Int(id)))
        }
        #expect(machine.cancel(3) == "c")
        #expect(machine.cancel(3) == nil)
        #expect(machine.release(7, isWarm: true).receiver == "b")
        #expect(machine.cancel(2) == nil)
        #expect(machine.expire(at: start + .seconds(4)).expired == ["d"])
        #expect(machine.close().waiters == ["e"])
        #expect(machine.cancel(5) == nil)
        #expect(machine.expire(at: start + .seconds(9)).expired.isEmpty)
    }

    @Test("is watched by one while somebody waits")
    func watch() {
        var machine = machine()
        _ = machine.lease(to: "a", id: 1, deadline: start)
        #expect(machine.lease(to: "b", id: 2, deadline: start + .seconds(1)).watch == true)
        #expect(machine.lease(to: "c", id: 3, deadline: start + .seconds(2)).watch == false)
        #expect(machine.expire(at: start).next == start + .seconds(1))
        #expect(machine.expire(at: start + .seconds(1)).next == start + .seconds(2))
        #expect(machine.expire(at: start + .seconds(2)).next == nil)
        #expect(machine.lease(to: "d", id: 4, deadline: start + .seconds(3)).watch == true)
    }

    @Test("closes idle members at once and the others when they come back")
    func close() {
        var machine = machine(members: 2)
        _ = machine.lease(to: "a", id: 1, deadline: start)
        _ = machine.lease(to: "b", id: 2, deadline: start)
        _ = machine.release(1, isWarm: true)
        #expect(machine.close().members == [1])
        #expect(machine.lease(to: "c", id: 3, deadline: start).refusal?.kind == .closed)
        #expect(machine.memberClosed().isEmpty)
        let waits = machine.awaitClosed("closer")
        #expect(waits)
        #expect(machine.release(2, isWarm: true).isClose)
        #expect(machine.memberClosed() == ["closer"])
        let waitsStill = machine.awaitClosed("late")
        #expect(!waitsStill)
    }
}

extension PoolStateMachine.LeaseAction {
    fileprivate var member: Member? { if case .use(let member) = self { member } else { nil } }
    fileprivate var isMake: Bool { if case .make = self { true } else { false } }
    fileprivate var watch: Bool? { if case .wait(let watch) = self { watch } else { nil } }
    fileprivate var refusal: PostgresError? { if case .refuse(let error) = self { error } else { nil } }
}

extension PoolStateMachine.ReturnAction {
    fileprivate var isKeep: Bool { if case .keep = self { true } else { false } }
    fileprivate var isClose: Bool { if case .close = self { true } else { false } }
    fileprivate var receiver: Waiter? { if case .handOver(_, let waiter) = self { waiter } else { nil } }
}
