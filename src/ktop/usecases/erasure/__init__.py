"""Erasing what is known of a person."""
