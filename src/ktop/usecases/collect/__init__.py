"""Collecting: what public sources know of a company, confirmed or corrected by a person, saved as its record."""
