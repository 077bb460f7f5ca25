"""What lies between the processes: hosts, cuts, and links that fail at the worst moment."""
