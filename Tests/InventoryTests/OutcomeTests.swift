import Inventory
import Testing

@Suite("Outcomes")
struct OutcomeTests {
    private static let movement = RecordedMovement(
        LedgerEntry(
            storeID: StoreID(rawValue: 7), position: Position(rawValue: 1 << 50), productID: ProductID(rawValue: 102),
            type: .manualRemoval, quantity: 3, onHandAfter: 0, transferID: nil, notes: MovementNotes(),
            recordedAt: Timestamp(microseconds: -62_135_596_800_000_000)))
    private static let refusals: [Refusal] = [
        .insufficientStock(onHand: 1, requested: 2), .stockChanged(onHand: 5),
        .unknownProduct(ProductID(rawValue: 9)), .unknownStore(StoreID(rawValue: 9)), .ambiguousName("e\u{301}"),
        .notFound, .alreadyExists("sku"), .inUse(StockLeft([sugar(7)], hasMore: false)),
        .preconditionFailed, .idempotencyKeyReused,
        .batch([LineRefusal(index: 3, refusal: .stockChanged(onHand: 5)), LineRefusal(index: 4, refusal: .notFound)]),
        .idsExhausted,
    ]
    private static let invalidRequest = Refusal.invalid(
        InvalidRequest(code: "invalid-body", detail: "é", parameter: "timestamp", fields: invalid))
    private static func sugar(_ store: Int64) -> LevelKey {
        LevelKey(StoreID(rawValue: store), ProductID(rawValue: 102))
    }
    private static let invalid = [
        InvalidField(pointer: "/movements/0/quantity", detail: "must be \"an\" integer"),
        InvalidField(pointer: "/movements/0/a~1b", detail: "is not a field of this"),
    ]
    /// With lines that programs before versions know, among others.
    private static let mixed = RecordedBatch(
        lines: [.invalid(invalid), .recorded(movement), .invalid([])] + refusals.map { .refused($0) }
            + [.invalid(invalid)])

    private static let outcomes: [Outcome] = [
        .movement(movement), .transfer(RecordedTransfer(id: "7-\"1\"", out: movement, in: movement)),
        .batch(RecordedBatch(lines: [])), .batch(RecordedBatch(lines: [.recorded(movement), .recorded(movement)])),
        .batch(RecordedBatch(lines: [.invalid(invalid)])), .batch(mixed),
        .catalog(.store(Store(id: StoreID(rawValue: 7), name: "Shop \u{1}", position: Position(rawValue: 3)))),
        .catalog(.product(product)), .catalog(.product(plainProduct)),
    ]
    private static let refusedOutcomes = (refusals + [invalidRequest]).map { Outcome.refused($0) }
    private static let product = Product(
        id: ProductID(rawValue: 102),
        details: ProductDetails(sku: "S/1", name: "چینی", category: "Cafe\u{301}", unit: "pack"),
        position: Position(rawValue: 4))
    private static let plainProduct = Product(
        id: ProductID(rawValue: 103), details: ProductDetails(name: "Tea"), position: Position(rawValue: 5))

    @Test("what was recorded comes back from an idempotency record", arguments: outcomes + refusedOutcomes)
    func roundTrip(outcome: Outcome) throws {
        #expect(try Outcome(json: outcome.json()) == outcome)
    }

    @Test("and so does where stock is left", arguments: [[], [sugar(7)], [sugar(7), sugar(9)]])
    func stockLeft(levels: [LevelKey]) throws {
        let refusal = Refusal.inUse(StockLeft(levels, hasMore: true))
        let outcome = Outcome.batch(RecordedBatch(lines: [.refused(refusal)]))
        #expect(try Outcome(json: outcome.json()) == outcome)
    }

    @Test("the form of version 1 is this")
    func form() {
        let movement =
            #"{"storeID":7,"position":1125899906842624,"productID":102,"type":"manual-removal","quantity":3,"onHand":0,"#
            + #""recordedAt":{"microseconds":-62135596800000000}}"#
        #expect(Outcome.movement(Self.movement).json() == #"{"version":1,"movement":{"_0":\#(movement)}}"#)
        let batch = RecordedBatch(
            lines: [
                .recorded(Self.movement), .invalid([InvalidField(pointer: "/a", detail: "b")]), .refused(.notFound),
            ])
        #expect(
            Outcome.batch(batch).json()
                == #"{"version":1,"batch":{"_0":{"lines":[{"recorded":{"_0":\#(movement)}},"#
                + #"{"refused":{"_0":{"notFound":{}}}}],"invalid":[{"line":1,"fields":[{"pointer":"/a","detail":"b"}]}]}}}"#
        )
    }

    @Test("a recorded refusal has version 2, which programs that know version 1 refuse to read")
    func refusalForm() {
        #expect(Outcome.refused(.notFound).json() == #"{"version":2,"refused":{"_0":{"notFound":{}}}}"#)
        let request = InvalidRequest(
            code: "expired", detail: "too old", parameter: nil, fields: [InvalidField(pointer: "/a", detail: "b")])
        #expect(
            Outcome.refused(.invalid(request)).json()
                == #"{"version":2,"refused":{"_0":{"invalid":{"_0":{"code":"expired","detail":"too old","#
                + #""fields":[{"pointer":"/a","detail":"b"}]}}}}}"#)
    }

    /// As a program of the version before wrote them to a file.
    @Test(
        "what programs before versions wrote is read",
        arguments: [
            (
                #"{"movement":{"_0":{"storeID":1,"position":1,"productID":1,"type":"stock-in","quantity":40,"onHand":40,"recordedAt":{"microseconds":1795284302832280}}}}"#,
                Outcome.movement(recorded(1, 1, .stockIn, 40, onHand: 40, 1_795_284_302_832_280))
            ),
            (
                #"{"transfer":{"_0":{"id":"1-2","out":{"storeID":1,"position":2,"productID":1,"type":"transfer-out","quantity":10,"onHand":30,"recordedAt":{"microseconds":1795284302859620}},"in":{"storeID":2,"position":1,"productID":1,"type":"transfer-in","quantity":10,"onHand":10,"recordedAt":{"microseconds":1795284302859620}}}}}"#,
                .transfer(
                    RecordedTransfer(
                        id: "1-2", out: recorded(1, 2, .transferOut, 10, onHand: 30, 1_795_284_302_859_620),
                        in: recorded(2, 1, .transferIn, 10, onHand: 10, 1_795_284_302_859_620)))
            ),
            (
                #"{"batch":{"_0":{"lines":[{"recorded":{"_0":{"type":"sale","position":3,"storeID":1,"quantity":2,"productID":1,"onHand":28,"recordedAt":{"microseconds":1795284302913158}}}},{"refused":{"_0":{"insufficientStock":{"onHand":28,"requested":5000}}}},{"refused":{"_0":{"unknownProduct":{"_0":9}}}},{"refused":{"_0":{"stockChanged":{"onHand":28}}}},{"refused":{"_0":{"unknownStore":{"_0":9}}}}]}}}"#,
                .batch(
                    RecordedBatch(lines: [
                        .recorded(recorded(1, 3, .sale, 2, onHand: 28, 1_795_284_302_913_158)),
                        .refused(.insufficientStock(onHand: 28, requested: 5_000)),
                        .refused(.unknownProduct(ProductID(rawValue: 9))), .refused(.stockChanged(onHand: 28)),
                        .refused(.unknownStore(StoreID(rawValue: 9))),
                    ]))
            ),
            (
                #"{"catalog":{"_0":{"product":{"_0":{"position":2,"id":1,"details":{"name":"Sugar \/ 1kg چینی","unit":"pack","sku":"S\"1","category":"Café"}}}}}}"#,
                .catalog(
                    .product(
                        Product(
                            id: ProductID(rawValue: 1),
                            details: ProductDetails(
                                sku: "S\"1", name: "Sugar / 1kg چینی", category: "Café", unit: "pack"),
                            position: Position(rawValue: 2))))
            ),
            (
                #"{"catalog":{"_0":{"product":{"_0":{"details":{"name":"Tea"},"id":2,"position":3}}}}}"#,
                .catalog(
                    .product(
                        Product(
                            id: ProductID(rawValue: 2), details: ProductDetails(name: "Tea"),
                            position: Position(rawValue: 3))))
            ),
            (
                #"{"catalog":{"_0":{"store":{"_0":{"id":2,"position":4,"name":"Second"}}}}}"#,
                .catalog(.store(Store(id: StoreID(rawValue: 2), name: "Second", position: Position(rawValue: 4))))
            ),
        ])
    func beforeVersions(json: String, outcome: Outcome) throws {
        #expect(try Outcome(json: json) == outcome)
        #expect(try OutcomeBeforeVersions(json: json) == OutcomeBeforeVersions(json: outcome.json()))
    }

    @Test("programs before versions read what is written, but for invalid lines, and are read", arguments: outcomes)
    func readBefore(outcome: Outcome) throws {
        let theirs = try OutcomeBeforeVersions(json: outcome.json()).json()
        #expect(try Outcome(json: theirs) == outcome.withoutInvalidLines)
    }

    @Test(
        "what is not known is an error that shows it, and says where",
        arguments: [
            (#"{"version":3,"movement":{"_0":{}}}"#, "version is 3"),
            (#"{"version":1,"swap":{"_0":{}}}"#, "Outcome"),
            (#"{"version":1,"batch":{"_0":{"lines":[{"postponed":{"_0":{}}}]}}}"#, "Line"),
            (#"{"version":1,"batch":{"_0":{"lines":[{"refused":{"_0":{"tooHeavy":{}}}}]}}}"#, "Refusal"),
            (#"{"version":1,"batch":{"_0":{"lines":[],"invalid":[{"line":1,"fields":[]}]}}}"#, "no line 1"),
            (#"{"version":1,"catalog":{"_0":{"shelf":{"_0":{}}}}}"#, "CatalogItem"),
            (#"{"version":1,"movement":{"_0":{"storeID":"1"}}}"#, "storeID"),
            (#"{"version":1,"movement":{"_0":{"type":"gift"}}}"#, "gift"),
            (#"{"version":1,"movement":{"_0":{"type":"sale","storeID":1.5}}}"#, "storeID"),
            (#"{"version":1,"#, "not valid JSON"), ("", "not valid JSON"), ("7", "Dictionary"),
        ])
    func unknown(json: String, words: String) {
        let error = #expect(throws: UnreadableData.self) { try Outcome(json: json) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(json) == true)
    }
}

private func recorded(
    _ store: Int64, _ position: Int64, _ type: MovementType, _ quantity: Int64, onHand: Int64, _ microseconds: Int64
) -> RecordedMovement {
    RecordedMovement(
        LedgerEntry(
            storeID: StoreID(rawValue: store), position: Position(rawValue: position),
            productID: ProductID(rawValue: 1),
            type: type, quantity: quantity, onHandAfter: onHand, transferID: nil, notes: MovementNotes(),
            recordedAt: Timestamp(microseconds: microseconds)))
}

extension Outcome {
    fileprivate var withoutInvalidLines: Outcome {
        guard case .batch(let batch) = self else { return self }
        return .batch(RecordedBatch(lines: batch.lines.filter { if case .invalid = $0 { false } else { true } }))
    }
}
