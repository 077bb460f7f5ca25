"""Clients of the API that write down what they are told, and hostile ones."""
