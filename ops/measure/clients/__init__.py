"""HTTP clients: single connections, and load from a process of its own."""
