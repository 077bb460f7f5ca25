public import Inventory
import InventoryContract
public import JSON
import NIOHTTP1

// Routes of administrators, whose JSON the caller reads. A change is sent once: another one would have another effect.
extension RemoteLedger {
    /// - Parameter path: Below `/api/v1`.
    public func get(_ path: String) async throws(LedgerError) -> JSONValue {
        try json(try await server.send(.get(path)))
    }

    public func post(
        _ path: String, _ write: (inout JSONWriter<[UInt8]>) -> Void = { _ in }
    ) async throws(LedgerError) -> JSONValue {
        var json = JSONWriter(output: [UInt8]())
        write(&json)
        let body = json.output.isEmpty ? nil : String(decoding: json.output, as: UTF8.self)
        return try self.json(
            try await server.send(
                ServerRequest(method: .POST, target: path, body: body, isRepeatable: false)))
    }

    public func delete(_ path: String) async throws(LedgerError) {
        _ = try await server.send(ServerRequest(method: .DELETE, target: path, isRepeatable: false))
    }

    private func json(_ response: ServerResponse) throws(LedgerError) -> JSONValue {
        try server.reading { () throws(UnreadableData) in .object(try response.fields().members) }
    }
}
