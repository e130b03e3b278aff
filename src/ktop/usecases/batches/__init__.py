"""Batches: a table of companies is given, rated in the background, and its answer downloaded."""
