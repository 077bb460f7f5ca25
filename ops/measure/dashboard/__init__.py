"""Runs the queries of the dashboard and the alerts against a live Prometheus: `ops/check-dashboard`."""
