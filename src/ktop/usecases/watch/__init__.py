"""Firms that an institution keeps an eye on, as long as they let it."""
