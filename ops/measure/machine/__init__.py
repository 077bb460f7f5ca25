"""Processes on this machine: started, watched, stopped, and undone however a run ends."""
