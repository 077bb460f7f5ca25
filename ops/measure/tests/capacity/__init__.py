"""Whether the simulation agrees with what is known otherwise."""
