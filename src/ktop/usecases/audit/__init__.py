"""The trail of what was done: read, sealed, verified, handed to outsiders."""
