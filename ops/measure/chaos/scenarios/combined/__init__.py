"""All faults at random."""
