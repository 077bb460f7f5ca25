"""What Khata is measured beside."""
