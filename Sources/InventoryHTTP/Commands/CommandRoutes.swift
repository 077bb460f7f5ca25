import Access
import Basics
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON
import NIOCore
public import StockCommands

/// The queue of commands, for requests with `Prefer: respond-async` (RFC 7240, section 4.1).
public struct CommandQueueAccess: Sendable {
    let sender: any CommandSending
    /// Authenticates the ids of commands: the same in all processes.
    let secret: [UInt8]

    public init(_ sender: any CommandSending, secret: [UInt8]) {
        self.sender = sender
        self.secret = secret
    }
}

extension InventoryAPI {
    /// Sends a change to the queue, if the client prefers that and there is one.
    /// - Parameter read: Reads the change. If it cannot be read, or names an import, it is not for the queue.
    /// - Returns: 202; `nil` if the request has to be executed now.
    /// - Throws: 503 unless the queue confirms it.
    func queued(
        _ context: RequestContext, _ body: JSONBody,
        _ read: () async throws -> (MovementCommand.Change, ImportName?)
    ) async throws -> Response? {
        guard let commands, context.prefersAsyncResponse, let (change, importName) = try? await read(),
            importName == nil
        else { return nil }
        guard let (kind, storeID, message) = try context.principal.scope.limiting(change).queued(body.bytes) else {
            return nil
        }
        let command = try context.commandContext(body: body)
        let key = command.idempotency ?? context.newKey(for: body)
        let sender = CommandSender(context.principal, requestID: command.requestID, fingerprint: key.fingerprint)
        do throws(CommandNotConfirmed) {
            try await commands.sender.send(
                QueuedCommand(kind, of: storeID, key: key.key, body: message, sender: sender))
        } catch {
            var problem = Problem(
                .queueUnavailable,
                "The queue did not confirm the change, which may be executed or not. Retry with the same "
                    + "Idempotency-Key, and it is made once.")
            problem.headers[.retryAfter] = "1"
            throw problem
        }
        let id = CommandID(key).text(commands.secret)
        var response = Response.json(.accepted) { json in
            json.openObject()
            json.field("id", id)
            json.field("status", "pending")
            json.closeObject()
        }
        response.headers[.location] = "/api/v1/commands/\(id)"
        response.headers[.preferenceApplied] = RequestContext.respondAsync
        return response
    }

    func readCommand(_ context: RequestContext) async throws -> Response {
        guard let commands, let id = CommandID(context.queuedCommandID, of: context.principal.id, commands.secret)
        else {
            throw Problem.notFound
        }
        let outcome: CommandOutcome?
        do throws(LedgerError) {
            outcome = try await ledger(for: context).replay(of: id.key).map { .success($0) }
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            outcome = .failure(Problem(refusal))
        }
        let age = Duration.microseconds(Timestamp.now.microseconds - id.sentAt.microseconds)
        guard outcome != nil || age < QueuedCommand.maximumAge else {
            throw Problem(.expired, "What became of it is not known any more.")
        }
        return Response.json { json in
            json.openObject()
            json.field("id", String(context.queuedCommandID))
            if let outcome { json.fields(of: outcome) } else { json.field("status", "pending") }
            json.closeObject()
        }
    }
}

extension RequestContext {
    static let respondAsync = "respond-async"

    var prefersAsyncResponse: Bool {
        request.headers[.prefer]?.listMembers().contains { member in
            member.utf8.prefix { $0 != UInt8(ascii: ";") }.text.trimmed.lowercased() == Self.respondAsync
        } ?? false
    }

    /// A key for a request that has none.
    fileprivate func newKey(for body: JSONBody) -> IdempotencyKey {
        IdempotencyKey(
            principal: principal.id, key: "async-\(String.randomID())\(String.randomID())",
            fingerprint: fingerprint(of: body))
    }
}

extension MovementCommand.Change {
    /// As a command for the queue: the store that it is in order with, and its body there.
    /// - Parameter body: The request's.
    /// - Returns: `nil` for a batch without a valid movement, which changes nothing, and what is too long for the queue.
    fileprivate func queued(_ body: ByteBuffer) -> (CommandKind, StoreID, ByteBuffer)? {
        switch self {
        case .movement(let movement):
            return (.movement, movement.storeID, ByteBuffer(string: String(json: { $0.value(movement) })))
        case .transfer(let transfer):
            return (.transfer, transfer.from, ByteBuffer(string: String(json: { $0.value(transfer) })))
        case .batch(let batch):
            guard let store = batch.movements.first?.storeID, body.readableBytes <= QueuedCommand.maximumBodyBytes
            else {
                return nil
            }
            return (.batch, store, body)
        }
    }
}
