import Inventory
import InventoryContract
import JSON
import NIOCore

extension CommandOutcome {
    /// What is published of the outcome of a command.
    func answers<Origin>(to command: ReceivedCommand<Origin>) -> [CommandAnswer<Origin>] {
        var answers: [CommandAnswer<Origin>] = []
        if let problem = rejection {
            answers.append(
                CommandAnswer(
                    command: command,
                    content: .rejection(String(json: { $0.value(problem) }), code: problem.code.rawValue)))
        }
        if command.replyTo != nil {
            let reply = String(json: { json in
                json.openObject()
                json.fields(of: self)
                json.closeObject()
            })
            answers.append(CommandAnswer(command: command, content: .reply(ByteBuffer(string: reply))))
        }
        return answers
    }

    /// Also of a batch some lines of which were refused.
    private var rejection: Problem? {
        switch self {
        case .failure(let problem): problem
        case .success(let receipt):
            if case .batch(let batch) = receipt.value { Problem(unrecordedLinesOf: batch) } else { nil }
        }
    }
}
