public import StockCommands
import Synchronization

/// Loses the connection, some times, when the outcomes of commands are durable, and neither published nor acknowledged.
public struct CutSource<Base: CommandSource>: CommandSource {
    private let base: Base
    private let cuts: Cuts

    public init(_ base: Base, cuts: Int) {
        self.base = base
        self.cuts = Cuts(cuts)
    }

    public var cutsLeft: Int { cuts.left }

    public var queues: Int { base.queues }
    public var problem: String? { base.problem }

    public func withQueues(_ body: @escaping @Sendable (CutQueue<Base.Queue>) async throws -> Void) async throws {
        try await base.withQueues { try await body(CutQueue(base: $0, cuts: cuts)) }
    }
}

public struct CutQueue<Base: CommandQueue>: CommandQueue {
    private struct Cut: Error {}

    fileprivate let base: Base
    fileprivate let cuts: Cuts

    public func begin() async throws { try await base.begin() }

    public func next() async throws -> ReceivedCommand<Base.Origin>? { try await base.next() }

    public func publish(_ answers: [CommandAnswer<Base.Origin>]) async throws {
        if cuts.take() { throw Cut() }
        try await base.publish(answers)
    }

    public func settle(_ command: ReceivedCommand<Base.Origin>) { base.settle(command) }
}

private final class Cuts: Sendable {
    private let count: Mutex<Int>

    init(_ count: Int) { self.count = Mutex(count) }

    var left: Int { count.withLock(\.self) }

    /// - Returns: Whether there was one left.
    func take() -> Bool {
        count.withLock { count in
            defer { count = max(0, count - 1) }
            return count > 0
        }
    }
}
