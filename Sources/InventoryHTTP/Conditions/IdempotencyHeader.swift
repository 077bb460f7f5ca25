import Access
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import NIOCore
import StockCommands

extension RequestContext {
    /// The request's `Idempotency-Key`, with a fingerprint of the request.
    /// - Throws: 400 if it is not 1–255 visible ASCII characters, in quotes or not.
    func idempotencyKey(for body: JSONBody) throws(Problem) -> IdempotencyKey? {
        guard let header = request.headers[.idempotencyKey] else { return nil }
        guard let key = unquotedKey(in: header) else {
            throw Problem(invalid: "Idempotency-Key", "must be 1 to 255 visible ASCII characters")
        }
        return IdempotencyKey(principal: principal.id, key: key, fingerprint: fingerprint(of: body))
    }

    func fingerprint(of body: JSONBody) -> [UInt8] {
        requestFingerprint(request.method.rawValue, path.normalised, body.bytes)
    }
}

extension InventoryAPI {
    /// Executes a request; if its body is not valid, falls back to the outcome recorded under its key: a request that
    /// was valid once is replayed even if the limits have changed.
    /// - Parameter body: `nil` to ignore the request's key.
    func receipt<Value>(
        to context: RequestContext, _ body: JSONBody?,
        _ remembered: (Receipt<Outcome>) throws(LedgerError) -> Receipt<Value>,
        executing execute: () async throws -> Receipt<Value>
    ) async throws -> Receipt<Value> {
        do {
            return try await execute()
        } catch let problem as Problem where problem.code == .invalidBody {
            guard let body, let key = try context.idempotencyKey(for: body),
                let answer = try await ledger(for: context).replay(of: key)
            else { throw problem }
            return try remembered(answer)
        }
    }
}

/// The key in an `Idempotency-Key` header, without quotes.
func unquotedKey(in header: String) -> String? {
    var key = Substring(header).trimmed
    let quote = UInt8(ascii: "\"")
    if key.utf8.count >= 2, key.utf8.first == quote, key.utf8.last == quote {
        key = key.utf8.dropFirst().dropLast().text
    }
    return IdempotencyKey.isValid(key) ? String(key) : nil
}
