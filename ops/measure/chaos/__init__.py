"""Breaks things while clients are at work: `ops/chaos`. See docs/reliability.md."""
