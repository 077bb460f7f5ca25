"""What a round tells, and what is made of it."""
