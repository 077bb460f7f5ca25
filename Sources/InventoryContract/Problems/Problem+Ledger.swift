import HTTPTypes
package import Inventory

extension Problem {
    /// The one place where a ledger's errors become problems.
    package init(_ error: LedgerError) {
        switch error {
        case .refused(let refusal):
            self.init(refusal)
        case .notFound:
            self = .notFound
        case .overloaded:
            self.init(.overloaded, "More requests are waiting than can be served.")
        case .unavailable:
            self.init(.primaryUnavailable, "The database cannot be reached. Nothing was changed.")
        case .positionUnavailable:
            self.init(.positionUnavailable, "The ledger has not reached the position that was asked for.")
        case .historyChanged:
            self.init(
                .historyChanged,
                "Since that position the ledger has continued from another copy, which may lack those changes. Read "
                    + "without a minimum to see what it has.")
        case .outcomeUnknown:
            self.init(
                .outcomeUnknown,
                "The change may have been made. Retry with the same Idempotency-Key, and it is made once.")
        // 503, so that clients retry: by then they may reach the server that took over.
        case .moved:
            self.init(.primaryUnavailable, "The ledger was moved to another server. Nothing was changed.")
        // Damage, or a rejection by another server, concerns the operator, not clients.
        case .internalFailure, .damaged, .rejected:
            self.init(.internalFailure, "Something went wrong here. The request id finds it in the log.")
        }
        if code.status == .serviceUnavailable { headers[.retryAfter] = "1" }
    }

    package init(_ refusal: Refusal) {
        switch refusal {
        case .insufficientStock(let onHand, let requested):
            self.init(.insufficientStock, "There are \(onHand) on hand, \(requested) were requested.")
            level = Level(onHand: onHand, requested: requested)
        case .stockChanged(let onHand):
            self.init(.stockChanged, "There are \(onHand) on hand, not as many as expected.")
            level = Level(onHand: onHand, requested: nil)
        case .unknownProduct(let product):
            self.init(.unknownProduct, "Product \(product) does not exist, or it is archived.")
            items = [Item(pointer: "/product_id", detail: "does not exist, or is archived")]
        case .unknownStore, .notFound:
            self = .notFound
        case .alreadyExists(let field):
            self.init(.alreadyExists, "Another one has this \(field) already.")
            items = [Item(pointer: "/\(field)", detail: "is taken")]
        case .ambiguousName(let name):
            self.init(.ambiguousName, "Several products are called \(name): use the routes that take a product_id.")
        case .inUse(let left):
            let place = left.levels.isEmpty ? "in stores that you may not see" : "`levels` says where"
            self.init(.inUse, "There is still stock of it: \(place).")
            stockLeft = left
        case .preconditionFailed:
            self.init(.preconditionFailed, "It has changed: its ETag is not the one in If-Match.")
        case .idempotencyKeyReused:
            self.init(.idempotencyKeyReused, "This Idempotency-Key was used with a different request before.")
        case .batch(let lines):
            self.init(atomic: lines)
        case .idsExhausted:
            self.init(.alreadyExists, "The highest id is taken, so none can be assigned: name one.")
        case .invalid(let request):
            // A later version may have recorded a code that this one does not know.
            self.init(Code(rawValue: request.code) ?? .badRequest, request.detail)
            parameter = request.parameter
            items = request.fields.map { Item(pointer: $0.pointer, detail: $0.detail) }
        }
    }

    /// Nothing of the batch was recorded: the first refusal determines code and level.
    private init(atomic lines: [LineRefusal]) {
        let problems = lines.map { Problem($0.refusal) }
        // A recorded refusal may lack its lines.
        self.init(
            problems.first?.code ?? .internalFailure,
            "Nothing was recorded: \(lines.count) of the movements cannot be.")
        level = problems.first?.level
        items = zip(lines, problems).map { line, problem in
            Item(
                pointer: "/movements/\(line.index)", detail: problem.detail,
                line: .init(index: line.index, code: problem.code, level: problem.level))
        }
    }
}
