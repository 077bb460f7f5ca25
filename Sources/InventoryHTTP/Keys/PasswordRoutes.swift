import Access
import Authentication
import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract

struct PasswordBody: DeclaredBody {
    let current: Password
    let new: Password

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let range = Password.characters
        let current = fields.text("current_password", "must be a password", as: Password.init(presented:))
        let new = fields.text(
            "new_password",
            "must have \(range.lowerBound) to \(range.upperBound) characters, none of them a control character",
            as: Password.init(new:))
        guard let current, let new else { return nil }
        self.current = current
        self.new = new
    }
}

extension InventoryAPI {
    /// Replaces the caller's own password.
    ///
    /// Takes the present one again, because the caller's may be remembered: one that was just reset must not be able to undo
    /// that.
    func replacePassword(_ context: RequestContext) async throws -> Response {
        guard let passwords, let name = context.principal.userName else {
            throw Problem(.forbidden, "Only a user has a password, and changes it when logged in with it.")
        }
        let body = try await context.body()
        var fields = try body.fields()
        let change: PasswordBody = try context.read(&fields)
        let command = try context.commandContext()
        guard let user = try await credentials.user(name), user.disabledAt == nil else { throw Problem.wrongPassword }
        let hashed = try await passwordChanges.run(for: context.principal.id) {
            try await passwords.hash(change.new, of: user, replacing: change.current)
        }
        switch hashed {
        case .failure(.wrong): throw Problem.wrongPassword
        case .failure(.common):
            throw Problem(invalidBody: [
                Problem.Item(pointer: "/new_password", detail: "is among the first that anybody would try")
            ])
        case .success(let hash):
            do throws(LedgerError) {
                try await credentials.setPassword(of: name, to: hash, replacing: user, command)
            } catch .refused {
                throw Problem.wrongPassword
            } catch .outcomeUnknown {
                throw Problem.outcomeUnknown("log in with the new password")
            }
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }
}

extension Problem {
    fileprivate static let wrongPassword = Problem(.forbidden, "The current password is wrong.")
}
