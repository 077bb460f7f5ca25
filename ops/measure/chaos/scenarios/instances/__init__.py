"""Instances of the service are killed, stopped, replaced, or have a wrong clock."""
