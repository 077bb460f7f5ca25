"""Clients that want the service to be slow for others."""
