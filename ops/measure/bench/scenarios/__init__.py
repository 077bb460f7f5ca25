"""A module for each kind of scenario, and what they are evaluated with."""
