"""A technology: its summary, its place among earlier patents, and what followed it."""
