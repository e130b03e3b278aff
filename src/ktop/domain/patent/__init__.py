"""The patent document as every room knows it."""
