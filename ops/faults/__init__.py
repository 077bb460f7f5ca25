"""The fault tests: what Khata promises, while things break. See docs/reliability.md."""
