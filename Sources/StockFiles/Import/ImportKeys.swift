import Inventory

/// The idempotency names of a file's changes, so that importing them again changes nothing, by whichever route and
/// however much later.
///
/// A row with an `external_id` has that name in any file. Other rows are identified by the file's contents and their
/// place in it.
struct ImportKeys: Sendable {
    private let digest: String
    /// Then request ids are those that earlier versions use for imports through a server.
    private let isThroughServer: Bool

    init(digest: String, isThroughServer: Bool) {
        self.digest = digest
        self.isThroughServer = isThroughServer
    }

    /// The prefix of this file's request ids, which identifies its entries in the audit log.
    var requestPrefix: String { ImportName.requestPrefix(ofFile: digest) }

    /// For a change to the catalog.
    func context(line: Int) -> CommandContext {
        CommandContext(actor: ImportName.principal, requestID: "\(requestPrefix)\(line)")
    }

    /// For the rows of one store that are written together.
    /// - Parameter line: The part's line.
    func context(ofPart line: Int, _ batch: Batch) -> CommandContext {
        context(.batch(batch), line, .part(file: digest, line: line, storeID: batch.movements[0].storeID))
    }

    func context(of row: PlannedRow) -> CommandContext {
        switch row.change {
        case .movement(let movement): context(.movement(movement), row.record.line, name(of: row), row.recordedAt)
        case .transfer(let transfer): context(.transfer(transfer), row.record.line, name(of: row), row.recordedAt)
        }
    }

    /// For a movement that tests whether a row was imported.
    /// - Parameter line: The line of the part that begins with the row.
    func context(asking change: Movement, about row: PlannedRow, ofPart line: Int) -> CommandContext {
        var name = name(of: row)
        if case .movement = row.change, row.externalID == nil {
            name = .part(file: digest, line: line, storeID: row.stores[0])
        }
        return context(.movement(change), row.record.line, name)
    }

    private func name(of row: PlannedRow) -> ImportName {
        row.externalID.map { .row(externalID: $0) } ?? .line(file: digest, line: row.record.line)
    }

    private func context(
        _ change: MovementCommand.Change, _ line: Int, _ name: ImportName, _ recordedAt: Timestamp? = nil
    ) -> CommandContext {
        CommandContext(
            actor: ImportName.principal, requestID: isThroughServer ? name.requestID : "\(requestPrefix)\(line)",
            importing: change, as: name, recordedAt: recordedAt)
    }
}
