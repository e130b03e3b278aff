"""Guarantee and loan in one process."""
