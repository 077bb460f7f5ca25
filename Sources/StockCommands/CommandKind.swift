import Crypto
public import Inventory
package import InventoryContract
import JSON
package import NIOCore

/// The kinds of commands, which are those of the API's routes.
public enum CommandKind: String, CaseIterable, Sendable {
    case movement, transfer, batch

    /// The route that takes the same body.
    private var path: String {
        switch self {
        case .movement: "/stock-movements"
        case .transfer: "/stock-transfers"
        case .batch: "/stock-movements/batch"
        }
    }

    /// The fingerprint of the same request to the API: whoever cannot reach the queue may send the command there, with the
    /// same key.
    func fingerprint(of body: ByteBuffer) -> [UInt8] { requestFingerprint("POST", path, body) }

    /// Parses a body.
    /// - Throws: 400 unless it is JSON, 422 with everything that is wrong with its fields.
    func change(in body: ByteBuffer, _ limits: CommandLimits) throws(Problem) -> MovementCommand.Change {
        var fields = try JSONFields(parsing: body)
        switch self {
        case .movement: return .movement(try fields.reading { Movement(&$0, limits.input) })
        case .transfer: return .transfer(try fields.reading { Transfer(&$0, limits.input) })
        case .batch:
            let (lines, isAtomic) = try fields.reading { fields -> ([JSONFields], Bool)? in
                let lines = fields.objects("movements", atMost: limits.batch)
                let isAtomic = fields.optionalFlag("atomic") ?? false
                return lines.map { ($0, isAtomic) }
            }
            return .batch(try Batch(lines, isAtomic: isAtomic, limits.input))
        }
    }
}

extension JSONFields {
    /// - Throws: 400 unless it is JSON.
    package init(parsing body: ByteBuffer) throws(Problem) {
        // A `Result`, because a throwing closure's error type would be erased by the standard library.
        self = try body.withUnsafeReadableBytes { bytes in
            Result { () throws(Problem) in try JSONFields(parsing: bytes) }
        }.get()
    }
}

/// What a command may say.
public struct CommandLimits: Sendable {
    public var input: InputLimits
    /// Movements of one batch.
    public var batch: Int

    public init(input: InputLimits, batch: Int) {
        self.input = input
        self.batch = batch
    }
}

/// Identifies a request among those with the same idempotency key.
/// - Parameter path: Without the version of the API.
package func requestFingerprint(_ method: String, _ path: String, _ body: ByteBuffer) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Array("\(method) \(path)\n".utf8))
    body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    return Array(hash.finalize())
}
