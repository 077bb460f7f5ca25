import HTTPTypes
import Inventory
import InventoryContract
import NIOCore
import Testing

@testable import InventoryHTTP

@Suite("Problems")
struct ProblemTests {
    @Test(
        "each of the ledger's errors has its status and code",
        arguments: [
            (.notFound, 404, "not-found"), (.overloaded, 503, "overloaded"), (.unavailable, 503, "primary-unavailable"),
            (.positionUnavailable, 503, "position-unavailable"), (.outcomeUnknown, 503, "outcome-unknown"),
            (.moved(to: "khata@db1/khata"), 503, "primary-unavailable"), (.internalFailure, 500, "internal"),
            (.refused(.insufficientStock(onHand: 1, requested: 2)), 409, "insufficient-stock"),
            (.refused(.stockChanged(onHand: 1)), 409, "stock-changed"),
            (.refused(.unknownProduct(ProductID(rawValue: 1))), 422, "unknown-product"),
            (.refused(.unknownStore(StoreID(rawValue: 1))), 404, "not-found"), (.refused(.notFound), 404, "not-found"),
            (.refused(.alreadyExists("sku")), 409, "already-exists"),
            (.refused(.inUse(StockLeft([], hasMore: true))), 409, "in-use"),
            (.refused(.preconditionFailed), 412, "precondition-failed"),
            (.refused(.idempotencyKeyReused), 422, "idempotency-key-reused"),
        ] as [(LedgerError, Int, String)])
    func mapping(error: LedgerError, status: Int, code: String) {
        let problem = Problem(error)
        #expect(problem.code.status.code == status)
        #expect(problem.code.rawValue == code)
        #expect((problem.headers[.retryAfter] != nil) == (status == 503))
    }

    @Test("what is in use says where, as far as its reader may know")
    func inUse() {
        let level = LevelKey(StoreID(rawValue: 1), ProductID(rawValue: 2))
        #expect(Problem(.refused(.inUse(StockLeft([level], hasMore: true)))).detail.contains("`levels`"))
        #expect(!Problem(.refused(.inUse(StockLeft([], hasMore: true)))).detail.contains("`levels`"))
    }

    @Test("the body says all of it")
    func body() {
        let problem = Problem(invalidBody: [.init(pointer: "/quantity", detail: "is required")])
        #expect(
            String(buffer: problem.body("r-1"))
                == #"{"type":"/problems/invalid-body","title":"Invalid body","status":422,"#
                + #""detail":"The body does not have the fields that it should have.","code":"invalid-body","#
                + #""request_id":"r-1","errors":[{"pointer":"/quantity","detail":"is required"}]}"#)
    }

    @Test("an atomic batch is refused as its first refusal is, with all of them by index")
    func atomic() {
        let problem = Problem(
            .refused(
                .batch([
                    LineRefusal(index: 1, refusal: .insufficientStock(onHand: 2, requested: 3)),
                    LineRefusal(index: 4, refusal: .unknownStore(StoreID(rawValue: 9))),
                ])))
        #expect(problem.code == .insufficientStock)
        #expect(
            String(buffer: problem.body("r-1")).hasSuffix(
                #""on_hand":2,"requested":3,"errors":[{"index":1,"pointer":"/movements/1","code":"insufficient-stock","#
                    + #""detail":"There are 2 on hand, 3 were requested.","on_hand":2,"requested":3},"#
                    + #"{"index":4,"pointer":"/movements/4","code":"not-found","#
                    + #""detail":"It does not exist, or it is archived."}]}"#))
    }

    @Test("a failure of ours tells nothing about it")
    func internalFailure() {
        #expect(
            String(buffer: Problem(LedgerError.internalFailure).body("r-1"))
                == #"{"type":"/problems/internal","title":"Internal failure","status":500,"#
                + #""detail":"Something went wrong here. The request id finds it in the log.","code":"internal","#
                + #""request_id":"r-1"}"#)
    }

    @Test("clients are not told where a ledger was moved: the address may be none of their business")
    func moved() {
        #expect(!String(buffer: Problem(LedgerError.moved(to: "khata@db1/khata")).body("r-1")).contains("db1"))
    }

    @Test("codes are as the contract writes them")
    func codes() {
        for code in Problem.Code.allCases {
            #expect(code.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
            #expect(code.status.code >= 400)
        }
    }
}
