"""Institutions of the installation: created, suspended, merged."""
