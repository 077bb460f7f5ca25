import Inventory
import InventoryContract
import JSON
import NIOCore

extension CommandOutcome {
    /// What is published of the outcome of a command. A rejection only if nobody else can be asked for it: who sent the command
    /// through the API is told there.
    func answers<Origin>(to command: ReceivedCommand<Origin>) -> [CommandAnswer<Origin>] {
        var answers: [CommandAnswer<Origin>] = []
        if command.sender == nil, let problem = rejection {
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

    /// Why it was refused; also of a batch some lines of which were.
    var rejection: Problem? {
        switch self {
        case .failure(let problem): problem
        case .success(let receipt):
            if case .batch(let batch) = receipt.value { Problem(unrecordedLinesOf: batch) } else { nil }
        }
    }
}
