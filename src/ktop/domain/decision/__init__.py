"""Decisions taken on a rating by a versioned rule, each clause with its reason: guarantees first."""
