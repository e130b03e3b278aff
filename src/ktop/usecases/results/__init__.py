"""Signed results: issued of a kept rating, verified by anybody, withdrawn where need be."""
