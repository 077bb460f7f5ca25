import Access
import Basics
import Inventory
import InventoryContract
import NIOCore

/// Makes commands for the ledger of what was received, or says why it cannot be executed.
struct CommandReader: Sendable {
    /// A command for the ledger, which repeats its outcome or its refusal; or what is wrong with one that has no key of
    /// anybody to be recorded under.
    typealias Reading = Result<MovementCommand, Problem>

    /// How far the clock of who sent a command may be ahead.
    static let maximumClockError = Duration.seconds(3_600)

    private let users: BrokerUsers
    private let limits: CommandLimits

    init(users: BrokerUsers, limits: CommandLimits) {
        self.users = users
        self.limits = limits
    }

    /// - Throws: If the command's user cannot be looked up.
    func read<Origin>(
        _ received: ReceivedCommand<Origin>, now: Timestamp = .now
    ) async throws(LedgerError) -> Reading {
        guard let owner = received.sender?.principal.id ?? received.user.flatMap(BrokerUsers.principalID) else {
            return .failure(.unknownUser)
        }
        guard let key = received.key, IdempotencyKey.isValid(key) else {
            return .failure(Problem(invalid: "message_id", "is required: 1 to 255 visible ASCII characters"))
        }
        var context = CommandContext(
            actor: owner, requestID: received.sender?.requestID ?? requestID(of: key),
            idempotency: IdempotencyKey(principal: owner, key: key, fingerprint: fingerprint(of: received)))
        context.recordsRefusals = true
        let principal: Principal? =
            if let sender = received.sender { sender.principal } else {
                try await users.principal(of: received.user ?? "")
            }
        do throws(Problem) {
            return .success(MovementCommand(try change(in: received, from: principal, now), context))
        } catch {
            return .success(.refused(Refusal(error), context))
        }
    }

    private func change<Origin>(
        in received: ReceivedCommand<Origin>, from principal: Principal?, _ now: Timestamp
    ) throws(Problem) -> MovementCommand.Change {
        guard let principal else { throw .unknownUser }
        guard principal.role >= .clerk else {
            throw Problem(.forbidden, "This takes the role clerk; yours is \(principal.role.rawValue).")
        }
        try requireRecent(received.sentAt, now)
        if let defect = received.defect { throw Problem(invalid: defect.property, defect.detail) }
        guard let kind = received.kind else {
            let kinds = CommandKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(invalid: "type", "must be one of \(kinds)")
        }
        let type = received.contentType?.prefix { $0 != ";" }.lowercased()
        guard type?.trimmingSpaces == "application/json" else {
            throw Problem(.unsupportedMediaType, "The content type must be application/json.")
        }
        let change =
            switch received.body {
            case .bytes(let body): try kind.change(in: body, limits)
            case .tooLong(let bytes, let limit):
                throw Problem(.bodyTooLarge, "The body has \(bytes) bytes: more than \(limit).")
            }
        guard let store = Int64(ledgerNumber: received.routingKey[...]).map(StoreID.init),
            change.stores.contains(store)
        else { throw Problem(invalid: "routing_key", "must be the id of the store in the body") }
        do throws(LedgerError) {
            return try principal.scope.limiting(change)
        } catch {
            throw Problem(error)
        }
    }

    private func requireRecent(_ sentAt: Timestamp?, _ now: Timestamp) throws(Problem) {
        guard let sentAt else {
            throw Problem(invalid: "timestamp", "is required: when the command was given, in seconds since 1970")
        }
        let age = Duration.microseconds(now.microseconds - sentAt.microseconds)
        guard age < QueuedCommand.maximumAge else {
            throw Problem(
                .expired, "The command is more than \(QueuedCommand.maximumAge.components.seconds / 3_600) hours old.")
        }
        guard age > .zero - Self.maximumClockError else {
            throw Problem(invalid: "timestamp", "is in the future: the sender's clock is wrong")
        }
    }

    private func fingerprint<Origin>(of received: ReceivedCommand<Origin>) -> [UInt8] {
        if let sender = received.sender { return sender.fingerprint }
        guard case .bytes(let body) = received.body, let kind = received.kind else {
            return requestFingerprint("", received.type ?? "", ByteBuffer(string: "\(received.body)"))
        }
        return kind.fingerprint(of: body)
    }

    /// What the audit log says of where a movement comes from: the key, if it may.
    private func requestID(of key: String) -> String {
        key.utf8.count <= 128 && !ImportName.isRequestID(key) ? key : .randomID()
    }
}

extension ReceivedCommand {
    /// Without a type, it is a movement.
    fileprivate var kind: CommandKind? { type.map(CommandKind.init) ?? .movement }
}

extension MovementCommand.Change {
    fileprivate var stores: Set<StoreID> {
        switch self {
        case .movement(let movement): [movement.storeID]
        case .transfer(let transfer): [transfer.from, transfer.to]
        case .batch(let batch): Set(batch.movements.map(\.storeID))
        }
    }
}

extension Problem {
    fileprivate static let unknownUser = Problem(
        .unauthenticated,
        "The user_id has to be the name of a Khata user, or key: and the id of an API key, that is enabled.")
}

extension Refusal {
    /// Of a command that was refused before it came to the ledger.
    init(_ problem: Problem) {
        self = .invalid(
            InvalidRequest(
                code: problem.code.rawValue, detail: problem.detail, parameter: problem.parameter,
                fields: problem.items.map { InvalidField(pointer: $0.pointer, detail: $0.detail) }))
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return text
    }
}
