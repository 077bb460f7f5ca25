"""The processes that a test runs, and breaks: PostgreSQL, Redis, the service."""
