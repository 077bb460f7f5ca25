"""What must hold of that: each check compares what clients were told with each other and with the ledger."""
