"""Consents: asked for, given, narrowed, revoked, and who saw what by them."""
