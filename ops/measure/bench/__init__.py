"""Measures Khata beside what does the least that would do: `ops/bench`. See docs/performance.md."""
