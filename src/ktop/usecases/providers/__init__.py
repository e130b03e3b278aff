"""Signing in by somebody else's word: an OpenID Connect provider of the organisation."""
