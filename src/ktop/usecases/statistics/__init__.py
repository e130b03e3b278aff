"""Figures for the public."""
