"""The servers that instances rely on fail: databases, Redis, and the network between."""
