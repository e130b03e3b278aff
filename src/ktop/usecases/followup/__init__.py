"""Supported projects after their selection: outcomes by year, targets, early warnings."""
