"""What the service is asked, as fast as it answers or at a pace."""
