"""A search cluster: its nodes, and how large one must be."""
