"""What Khata does under load and under faults, measured: `ops/bench` and `ops/chaos`, and what they share."""
