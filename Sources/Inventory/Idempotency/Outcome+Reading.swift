import JSON

extension Outcome {
    /// Parses the output of `json()`, of this or another version of this program.
    public init(json: String) throws(UnreadableData) {
        do throws(UnreadableData) {
            try self.init(Self.fields(of: json))
        } catch {
            throw UnreadableData("the outcome \(json.prefix(200)) cannot be read: \(error)")
        }
    }

    private static func fields(of json: String) throws(UnreadableData) -> ObjectFields {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONParser.parse(Array(json.utf8))
        } catch {
            throw UnreadableData("\(error.reason), at byte \(error.offset)")
        }
        return try ObjectFields(value)
    }

    private init(_ fields: ObjectFields) throws(UnreadableData) {
        if let version = fields["version"], version != .integer(Self.formatVersion) {
            throw UnreadableData("its version is \(version), and this program knows \(Self.formatVersion)")
        }
        if fields["movement"] != nil {
            self = .movement(try RecordedMovement(try fields.payload(of: "movement")))
        } else if fields["transfer"] != nil {
            self = .transfer(try RecordedTransfer(try fields.payload(of: "transfer")))
        } else if fields["batch"] != nil {
            self = .batch(try RecordedBatch(try fields.payload(of: "batch")))
        } else if fields["catalog"] != nil {
            self = .catalog(try CatalogItem(try fields.payload(of: "catalog")))
        } else {
            throw UnreadableData("it has the fields \(fields.names), of which none is known")
        }
    }
}

extension ObjectFields {
    /// The unlabeled associated value of a case.
    fileprivate func payload(of name: String) throws(UnreadableData) -> ObjectFields {
        try object(name).object("_0")
    }

    /// The object's one field, and what is in it: a case of an enumeration.
    func only(_ what: String) throws(UnreadableData) -> (name: String, ObjectFields) {
        guard let member = members.first, members.count == 1 else {
            throw UnreadableData("\(what) has the fields \(names), and not one")
        }
        return (member.name, try ObjectFields(member.value))
    }

    /// For who looks into the log.
    fileprivate var names: String { members.map(\.name).joined(separator: ", ") }
}

extension RecordedMovement {
    fileprivate init(_ fields: ObjectFields) throws(UnreadableData) {
        let type: MovementType = try fields.value("type")
        self.init(
            LedgerEntry(
                storeID: try fields.number("storeID"), position: try fields.number("position"),
                productID: try fields.number("productID"), type: type, quantity: try fields.integer("quantity"),
                onHandAfter: try fields.integer("onHand"), transferID: nil, notes: MovementNotes(),
                recordedAt: Timestamp(microseconds: try fields.object("recordedAt").integer("microseconds"))))
    }
}

extension RecordedTransfer {
    fileprivate init(_ fields: ObjectFields) throws(UnreadableData) {
        self.init(
            id: try fields.text("id"), out: try RecordedMovement(try fields.object("out")),
            in: try RecordedMovement(try fields.object("in")))
    }
}

extension RecordedBatch {
    fileprivate init(_ fields: ObjectFields) throws(UnreadableData) {
        var lines: [Line] = []
        for line in try fields.objects("lines") { lines.append(try Line(line)) }
        for invalid in try fields.optionalObjects("invalid") ?? [] {
            let index = Int(try invalid.integer("line"))
            guard lines.indices.contains(index) || index == lines.endIndex else {
                throw UnreadableData("there is no line \(index)")
            }
            var invalidFields: [InvalidField] = []
            for field in try invalid.objects("fields") {
                invalidFields.append(InvalidField(pointer: try field.text("pointer"), detail: try field.text("detail")))
            }
            lines.insert(.invalid(invalidFields), at: index)
        }
        self.init(lines: lines)
    }
}

extension RecordedBatch.Line {
    fileprivate init(_ fields: ObjectFields) throws(UnreadableData) {
        let (name, payload) = try fields.only("a line")
        switch name {
        case "recorded": self = .recorded(try RecordedMovement(try payload.object("_0")))
        case "refused": self = .refused(try Refusal(try payload.object("_0")))
        default: throw UnreadableData("a line \(name) is not known")
        }
    }
}

extension CatalogItem {
    fileprivate init(_ fields: ObjectFields) throws(UnreadableData) {
        let (name, payload) = try fields.only("an item")
        let item = try payload.object("_0")
        switch name {
        case "product":
            let details = try item.object("details")
            self = .product(
                Product(
                    id: try item.number("id"),
                    details: ProductDetails(
                        sku: try details.optionalText("sku"), name: try details.text("name"),
                        category: try details.optionalText("category"), unit: try details.optionalText("unit")),
                    position: try item.number("position")))
        case "store":
            self = .store(
                Store(
                    id: try item.number("id"), name: try item.text("name"), position: try item.number("position")))
        default:
            throw UnreadableData("an item \(name) is not known")
        }
    }
}
