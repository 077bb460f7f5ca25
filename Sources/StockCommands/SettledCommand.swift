import Inventory
public import InventoryContract

/// What became of a command that came through a queue.
public enum SettledCommand: Hashable, Sendable {
    case recorded
    /// Its key was recorded before.
    case replayed
    /// Also a batch some lines of which were refused, with the code of the first.
    case refused(ProblemCode)

    init(_ outcome: CommandOutcome) {
        self =
            if let problem = outcome.rejection {
                .refused(problem.code)
            } else if case .success(let receipt) = outcome, receipt.isReplay {
                .replayed
            } else {
                .recorded
            }
    }
}
