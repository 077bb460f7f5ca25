"""Tests of what finds and computes: nothing here starts a server."""
