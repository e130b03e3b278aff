"""People and institutions: who does something, and what they may."""
