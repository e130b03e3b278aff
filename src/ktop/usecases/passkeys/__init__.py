"""Passkeys: signing in, and a second factor, by a key that never leaves its owner's device."""
