import HTTPTypes
package import Inventory
package import JSON

extension Batch {
    /// - Throws: 422 for an atomic batch with an invalid line: then nothing is recorded.
    package init(_ lines: [JSONFields], isAtomic: Bool, _ limits: InputLimits) throws(Problem) {
        let lines = lines.map { line -> Batch.Line in
            var line = line
            do throws(Problem) {
                return .movement(try line.reading { Movement(&$0, limits) })
            } catch {
                return .invalid(error.items.map { InvalidField(pointer: $0.pointer, detail: $0.detail) })
            }
        }
        self.init(lines)
        guard isAtomic else { return }
        try requireValid()
        self = Batch(movements, isAtomic: true)
    }

    package func requireValid() throws(Problem) {
        let invalid = lines.flatMap { line in
            if case .invalid(let fields) = line { fields } else { [InvalidField]() }
        }
        guard invalid.isEmpty else { throw Problem(invalidBody: invalid.map(Problem.Item.init)) }
    }
}

/// The outcome of one line of a batch.
package enum BatchResult {
    case recorded(RecordedMovement)
    case refused(Problem)

    package init(_ line: RecordedBatch.Line, at index: Int) {
        switch line {
        case .recorded(let movement):
            self = .recorded(movement)
        case .refused(let refusal):
            var problem = Problem(refusal)
            for item in problem.items.indices {
                problem.items[item].pointer = "/movements/\(index)" + problem.items[item].pointer
            }
            self = .refused(problem)
        case .invalid(let fields):
            self = .refused(Problem(invalidBody: fields.map(Problem.Item.init)))
        }
    }
}

extension Problem.Item {
    init(_ field: InvalidField) {
        self.init(pointer: field.pointer, detail: field.detail)
    }
}

extension JSONWriter {
    /// The response to a batch.
    package mutating func value(_ results: [BatchResult]) {
        openObject()
        key("results")
        openArray()
        for result in results { value(result) }
        closeArray()
        closeObject()
    }

    private mutating func value(_ result: BatchResult) {
        switch result {
        case .recorded(let movement):
            openObject()
            field("status", Int64(HTTPResponse.Status.created.code))
            fields(of: movement)
            closeObject()
        case .refused(let problem):
            value(problem)
        }
    }
}
