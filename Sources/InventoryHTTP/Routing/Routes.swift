import Access
import HTTPTypes

extension InventoryAPI {
    /// Every route of the contract, below `/api/v1` and below the root.
    var routes: [Route] {
        [
            Route(.get, "/products", .reader, listProducts),
            Route(.post, "/products", .manager, createProduct),
            Route(.get, "/products/{product_id}", .reader, readProduct),
            Route(.put, "/products/{product_id}", .manager, replaceProduct),
            Route(.delete, "/products/{product_id}", .manager, archiveProduct),

            Route(.get, "/stores", .reader, listStores),
            Route(.post, "/stores", .manager, createStore, reach: .allStores),
            Route(.get, "/stores/{store_id}", .reader, readStore),
            Route(.put, "/stores/{store_id}", .manager, replaceStore),
            Route(.delete, "/stores/{store_id}", .manager, archiveStore),

            Route(.get, "/stores/{store_id}/stock", .reader, listStock),
            Route(.get, "/inventory/{store_id}", .reader, listStock),
            Route(.get, "/stores/{store_id}/stock/{product_id}", .reader, readLevel),

            Route(.post, "/stores/{store_id}/stock", .clerk, recordMovement),
            Route(.post, "/stock-movement", .clerk, recordMovement),
            Route(.post, "/stock-movements", .clerk, recordMovement),
            Route(.post, "/stock-movements/batch", .clerk, recordBatch),
            Route(.get, "/stock-movements", .reader, listMovements),
            Route(.post, "/stock-transfers", .clerk, recordTransfer),

            // The first versions'.
            Route(.post, "/stock/move", .clerk, recordMovementByName),
            Route(.get, "/stock/{product}", .reader, readLevelByName),

            Route(.get, "/report", .reader, report, formats: [.json, .csv]),
            Route(.get, "/audit", .manager, listAudit),
            Route(.get, "/audit/{store_id}", .manager, listAudit),

            // Who is limited to some stores must not make a key that is not.
            Route(.get, "/admin/keys", .admin, listKeys, reach: .allStores),
            Route(.post, "/admin/keys", .admin, createKey, reach: .allStores),
            Route(.get, "/admin/keys/{key_id}", .admin, readKey, reach: .allStores),
            Route(.delete, "/admin/keys/{key_id}", .admin, revokeKey, reach: .allStores),
            Route(.post, "/admin/cache/warm", .admin, warmCache, reach: .allStores),
            Route(.get, "/admin/cache/warm/{job_id}", .admin, readWarming, reach: .allStores),
        ] + healthRoutes
    }

    /// The routes that stand on the operator's port too, and need no token.
    var healthRoutes: [Route] {
        [
            Route(.get, "/livez", nil, livez, formats: [.health, .json]),
            Route(.get, "/readyz", nil, readyz, formats: [.health, .json]),
            Route(.get, "/health", nil, healthChecks, formats: [.health, .json]),
        ]
    }
}
