import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    /// Creates a key. Its secret is in this response only.
    ///
    /// Ignores `Idempotency-Key`: a replay would need the secret to be stored. A client that missed the response finds
    /// the key in the list, revokes it and creates another.
    func createKey(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let new: KeyBody = try context.read(&fields)
        let key = APIKey.generate()
        let command = try context.commandContext()
        let record: APIKeyRecord
        do throws(LedgerError) {
            record = try await credentials.addAPIKey(
                NewAPIKey(key, name: new.name, grant: new.grant, expiresAt: new.expiresAt), command)
        } catch .outcomeUnknown {
            throw Problem.keyOutcomeUnknown
        }
        return created(record, key)
    }

    /// Replaces a key by a new one. Ignores `Idempotency-Key`, as ``createKey(_:)`` does.
    func rotateKey(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let rotation: RotationBody = try context.read(&fields)
        guard let old = try await credentials.apiKey(context.keyID) else { throw Problem.notFound }
        let key = APIKey.generate()
        let command = try context.commandContext()
        let record: APIKeyRecord
        do throws(LedgerError) {
            record = try await credentials.rotateAPIKey(
                old, to: key, expiringAt: rotation.expiresAt, overlap: rotation.overlap, command)
        } catch .refused {
            throw Problem(.keyChanged, "The key was changed at the same time. Nothing was done.")
        } catch .outcomeUnknown {
            throw Problem.keyOutcomeUnknown
        }
        return created(record, key)
    }

    private func created(_ record: APIKeyRecord, _ key: APIKey) -> Response {
        var response = Response.json(.created) { $0.value(record, with: key) }
        response.headers[.location] = "/api/v1/admin/keys/\(record.id)"
        return response
    }

    func listKeys(_ context: RequestContext) async throws -> Response {
        let parameters = context.parameters
        let (after, limit): (APIKeyNumber?, Int) = (try parameters.cursor(), try parameters.limit())
        let page = try await credentials.apiKeys(after: after, limit: limit)
        return Response.json(capacity: 128 + 320 * page.items.count) { json in
            json.openObject()
            json.page(page, cursor: parameters.cursor(after:)) { $0.value($1) }
            json.closeObject()
        }
    }

    func readKey(_ context: RequestContext) async throws -> Response {
        guard let record = try await credentials.apiKey(context.keyID) else { throw Problem.notFound }
        return Response.json { $0.value(record) }
    }

    /// Idempotent.
    func revokeKey(_ context: RequestContext) async throws -> Response {
        let command = try context.commandContext()
        do throws(LedgerError) {
            try await credentials.revokeAPIKey(context.keyID, command)
        } catch .outcomeUnknown {
            throw Problem.keyOutcomeUnknown
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }
}

extension RequestContext {
    /// The `{key_id}` of the path.
    fileprivate var keyID: String {
        guard let id = path.keyID else { preconditionFailure("the route has no {key_id}") }
        return id
    }
}

extension Problem {
    fileprivate static var keyOutcomeUnknown: Problem { outcomeUnknown("check the list of keys") }

    /// - Parameter advice: What to do, where a retry would do something else.
    static func outcomeUnknown(_ advice: String) -> Problem {
        var problem = Problem(.outcomeUnknown, "The change may have been made: \(advice).")
        problem.headers[.retryAfter] = "1"
        return problem
    }
}

extension APIKeyNumber: CursorKey {}
