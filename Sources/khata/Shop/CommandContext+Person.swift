import Basics
import Crypto
import Foundation
import Inventory
import InventoryContract

extension CommandContext {
    /// The user of the operating system is the actor. A server uses the API key's principal instead.
    /// - Parameters:
    ///   - key: Makes the command safe to repeat.
    ///   - request: The command, as the contract's JSON.
    static func person(key: String? = nil, request: String = "") -> CommandContext {
        let actor = "cli:\(NSUserName().withoutControls)"
        return CommandContext(
            actor: actor, requestID: "cli-" + .randomID(),
            idempotency: key.map {
                IdempotencyKey(
                    principal: actor, key: $0, fingerprint: Array(SHA256.hash(data: Data(request.utf8))))
            })
    }
}
