"""More or other clients than an instance is made for."""
