import Basics
import Crypto
import Foundation
import Inventory
import InventoryContract

extension CommandContext {
    /// On behalf of whoever typed the command. A server puts the principal of the API key in their place.
    /// - Parameters:
    ///   - key: What makes a repeated command the same one.
    ///   - request: The command, as the contract's JSON.
    static func person(key: String? = nil, request: String = "") -> CommandContext {
        let actor = "cli:\(NSUserName())"
        return CommandContext(
            actor: actor, requestID: "cli-" + .randomID(),
            idempotency: key.map {
                IdempotencyKey(
                    principal: actor, key: $0, fingerprint: Array(SHA256.hash(data: Data(request.utf8))))
            })
    }
}
