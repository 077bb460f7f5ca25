import Inventory

extension Settings {
    @SettingsBuilder
    static var reconciliation: [Setting] {
        Setting(
            "reconciliation.interval_hours", \.reconciliationHours, in: 0...720,
            """
            How often a serving instance compares each ledger with everything that is derived from it, as `khata audit verify`
            does, and with it the cached documents with the database (those once an hour). One instance at a time does it.
            Differences are in the log, in /health and in the metrics. 0: never.
            """)
        Setting(
            "reconciliation.load_percent", \.reconciliationLoadPercent, in: 1...100,
            """
            The share of the time in which it reads: of a core, and of a connection to the primary.
            """)
    }

    var reconciliation: Reconciler.Limits {
        var limits = Reconciler.Limits()
        limits.interval = .seconds(reconciliationHours * 3_600)
        limits.loadPercent = reconciliationLoadPercent
        return limits
    }
}
