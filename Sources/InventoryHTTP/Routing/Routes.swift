import Access
import HTTPTypes

extension InventoryAPI {
    /// Every route of the API, available below `/api/v1` and below the root.
    var routes: [Route] {
        [
            Route(
                .get, "/products", .reader, listProducts,
                parameters: .page + [.search, .category, .minPosition], statuses: .tagged),
            // `allStores`, because the catalog is all stores'.
            Route(
                .post, "/products", .manager, createProduct, reach: .allStores, body: ProductBody.self,
                statuses: [.created]),
            Route(
                .get, "/products/{product_id}", .reader, readProduct, parameters: [.minPosition], statuses: .tagged),
            Route(
                .put, "/products/{product_id}", .manager, replaceProduct, reach: .allStores, body: ProductBody.self,
                statuses: [.ok]),
            Route(
                .delete, "/products/{product_id}", .manager, archiveProduct, reach: .allStores,
                statuses: [.noContent]),

            Route(.get, "/stores", .reader, listStores, parameters: .page + [.minPosition], statuses: .tagged),
            Route(
                .post, "/stores", .manager, createStore, reach: .allStores, body: StoreBody.self, statuses: [.created]),
            Route(.get, "/stores/{store_id}", .reader, readStore, parameters: [.minPosition], statuses: .tagged),
            Route(.put, "/stores/{store_id}", .manager, replaceStore, body: StoreBody.self, statuses: [.ok]),
            Route(.delete, "/stores/{store_id}", .manager, archiveStore, statuses: [.noContent]),

            stockRoute("/stores/{store_id}/stock"),
            stockRoute("/inventory/{store_id}"),
            Route(
                .get, "/stores/{store_id}/stock/{product_id}", .reader, readLevel, parameters: [.minPosition],
                statuses: .tagged),

            movementRoute("/stores/{store_id}/stock"),
            movementRoute("/stock-movement"),
            movementRoute("/stock-movements"),
            Route(
                .post, "/stock-movements/batch", .clerk, recordBatch, body: BatchBody.self,
                statuses: [.ok, .created, .accepted]),
            Route(
                .get, "/stock-movements", .reader, listMovements,
                parameters: .page + .period + [.storeID, .productID, .type, .minPosition], statuses: .tagged),
            Route(
                .post, "/stock-transfers", .clerk, recordTransfer, body: TransferBody.self,
                statuses: [.created, .accepted]),
            Route(.get, "/commands/{command_id}", .clerk, readCommand, statuses: [.ok]),

            // Routes of the first versions.
            Route(
                .post, "/stock/move", .clerk, recordMovementByName, body: MovementByName.self,
                statuses: [.created, .accepted]),
            Route(
                .get, "/stock/{product}", .reader, readLevelByName, parameters: [.minPosition], statuses: .tagged),

            Route(
                .get, "/report", .reader, report,
                parameters: .page + .period + [.storeID, .productID, .groupBy, .escape, .minPosition],
                formats: [.json, .csv], statuses: .tagged),
            changesRoute("/changes"),
            changesRoute("/stores/{store_id}/changes"),
            auditRoute("/audit"),
            auditRoute("/audit/{store_id}"),

            // `allStores`, because callers that are limited to some stores must not create keys that are not.
            Route(.get, "/admin/keys", .admin, listKeys, reach: .allStores, parameters: .page, statuses: [.ok]),
            Route(
                .post, "/admin/keys", .admin, createKey, reach: .allStores, body: KeyBody.self, statuses: [.created]),
            Route(.get, "/admin/keys/{key_id}", .admin, readKey, reach: .allStores, statuses: [.ok]),
            Route(
                .post, "/admin/keys/{key_id}/rotate", .admin, rotateKey, reach: .allStores, body: RotationBody.self,
                statuses: [.created]),
            Route(.delete, "/admin/keys/{key_id}", .admin, revokeKey, reach: .allStores, statuses: [.noContent]),
            // `allStores`, as for keys; and a webhook is a way out of the network.
            Route(.get, "/admin/webhooks", .admin, listWebhooks, reach: .allStores, statuses: [.ok]),
            Route(
                .post, "/admin/webhooks", .admin, createWebhook, reach: .allStores, body: WebhookBody.self,
                statuses: [.created]),
            Route(.get, "/admin/webhooks/{webhook_id}", .admin, readWebhook, reach: .allStores, statuses: [.ok]),
            Route(
                .delete, "/admin/webhooks/{webhook_id}", .admin, deleteWebhook, reach: .allStores,
                statuses: [.noContent]),
            webhookRoute("test", testWebhook, statuses: [.ok]),
            webhookRoute("rotate", rotateWebhook, body: WebhookRotationBody.self, statuses: [.ok]),
            webhookRoute("replay", replayWebhook, body: WebhookReplayBody.self, statuses: [.accepted]),
            webhookRoute("disable", disableWebhook, statuses: [.ok]),
            webhookRoute("enable", enableWebhook, statuses: [.ok]),
            Route(
                .post, "/admin/cache/warm", .admin, warmCache, reach: .allStores, body: WarmingBody.self,
                statuses: [.accepted]),
            Route(
                .get, "/admin/cache/warm/{job_id}", .admin, readWarming, reach: .allStores, statuses: [.ok]),
            Route(.put, "/password", .reader, replacePassword, body: PasswordBody.self, statuses: [.noContent]),
            healthRoute("/health", healthChecks, role: .manager),
        ] + probes
    }

    /// The operator's routes, on a port of their own. They need no credential.
    var opsRoutes: [Route] {
        probes + [
            healthRoute("/health", healthChecks),
            Route(
                .get, "/metrics", nil, readMetrics, parameters: nil, formats: [.metrics, .openMetrics],
                statuses: [.ok]),
        ]
    }

    private var probes: [Route] { [healthRoute("/livez", livez), healthRoute("/readyz", readyz)] }
}

/// Routes with several paths.
extension InventoryAPI {
    private func stockRoute(_ path: String) -> Route {
        Route(
            .get, path, .reader, listStock, parameters: .page + [.category, .below, .asOf, .minPosition],
            statuses: .tagged)
    }

    private func movementRoute(_ path: String) -> Route {
        Route(.post, path, .clerk, recordMovement, body: MovementBody.self, statuses: [.created, .accepted])
    }

    private func auditRoute(_ path: String) -> Route {
        Route(
            .get, path, .manager, listAudit, parameters: .page + .period + [.actor, .action, .minPosition],
            statuses: .tagged)
    }

    private func changesRoute(_ path: String) -> Route {
        Route(
            .get, path, .reader, listChanges, parameters: [.after, .limit, .wait], formats: [.json, .eventStream],
            statuses: [.ok], isLongLived: true)
    }

    private func webhookRoute(
        _ action: String, _ handler: @escaping Route.Handler, body: (any DeclaredBody.Type)? = nil,
        statuses: [HTTPResponse.Status]
    ) -> Route {
        Route(
            .post, "/admin/webhooks/{webhook_id}/\(action)", .admin, handler, reach: .allStores, body: body,
            statuses: statuses)
    }

    private func healthRoute(_ path: String, _ handler: @escaping Route.Handler, role: Role? = nil) -> Route {
        Route(
            .get, path, role, handler, reach: role == nil ? .ownStores : .allStores, parameters: nil,
            formats: [.health, .json],
            statuses: [.ok, .serviceUnavailable])
    }
}
