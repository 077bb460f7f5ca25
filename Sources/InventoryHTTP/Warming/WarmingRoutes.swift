import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    /// A repeated request gets the running job: its first response may have been lost. A request for other stores is
    /// refused, with the `Location` of the job to wait for.
    func warmCache(_ context: RequestContext) async throws -> Response {
        var fields = try await context.body().fields()
        let body: WarmingBody = try context.read(&fields)
        guard let warming else { throw Problem.noCache }
        do {
            let job = try warming.start(body.stores)
            var response = Response.json(.accepted) { $0.value(job) }
            response.headers[.location] = location(job.id)
            return response
        } catch {
            var problem = Problem(
                .alreadyExists, "The cache is being warmed for other stores: wait until that is done.")
            problem.headers[.location] = location(error.id)
            throw problem
        }
    }

    func readWarming(_ context: RequestContext) async throws -> Response {
        guard let warming else { throw Problem.noCache }
        guard let job = warming.job(context.jobID) else {
            throw Problem(.notFound, "No such job is known here. Each instance remembers its last ones.")
        }
        return Response.json { $0.value(job) }
    }

    private func location(_ id: String) -> String { "/api/v1/admin/cache/warm/\(id)" }
}

extension Problem {
    fileprivate static let noCache = Problem(.notFound, "There is no cache: no Redis is configured.")
}

struct WarmingBody: DeclaredBody {
    /// `nil`: all.
    let stores: Set<StoreID>?

    init(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        stores = fields.optionalIDs("stores", atMost: limits.batch)
    }
}

extension JSONWriter {
    fileprivate mutating func value(_ job: WarmingJob) {
        openObject()
        field("id", job.id)
        field("status", job.status.rawValue)
        field("stores_total", Int64(job.progress.storesTotal))
        field("stores_done", Int64(job.progress.storesDone))
        field("documents", Int64(job.progress.documents))
        field("filled", Int64(job.progress.filled))
        field("failed", Int64(job.progress.failed))
        field("started_at", job.startedAt)
        nullableField("finished_at", job.finishedAt?.description)
        closeObject()
    }
}
