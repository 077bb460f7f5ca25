public import Inventory

/// As far as the contract shows it.
extension RemoteLedger: StoredStateReading {}
