import HTTPTypes
import Inventory
package import JSON

extension JSONWriter {
    /// - Parameter requestID: `nil` in the result of a batch's line.
    package mutating func value(_ problem: Problem, requestID: String? = nil) {
        openObject()
        field("type", "/problems/\(problem.code.rawValue)")
        field("title", problem.code.title)
        field("status", Int64(problem.code.status.code))
        field("detail", problem.detail)
        field("code", problem.code.rawValue)
        optionalField("request_id", requestID)
        optionalField("parameter", problem.parameter)
        if let policy = problem.violatedPolicy {
            key("violated-policies")
            openArray()
            value(policy)
            closeArray()
        }
        fields(of: problem.level)
        if let left = problem.stockLeft {
            key("levels")
            openArray()
            for level in left.levels { value(level) }
            closeArray()
            field("more", left.hasMore)
        }
        if !problem.items.isEmpty {
            key("errors")
            openArray()
            for item in problem.items { value(item) }
            closeArray()
        }
        closeObject()
    }

    private mutating func value(_ level: LevelKey) {
        openObject()
        field("store_id", level.storeID)
        field("product_id", level.productID)
        closeObject()
    }

    private mutating func value(_ item: Problem.Item) {
        openObject()
        if let line = item.line { field("index", Int64(line.index)) }
        field("pointer", item.pointer)
        if let line = item.line { field("code", line.code.rawValue) }
        field("detail", item.detail)
        fields(of: item.line?.level)
        closeObject()
    }

    private mutating func fields(of level: Problem.Level?) {
        guard let level else { return }
        field("on_hand", level.onHand)
        if let requested = level.requested { field("requested", requested) }
    }
}
