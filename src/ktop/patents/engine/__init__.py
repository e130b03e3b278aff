"""The search index: its parts on disk, building it, and asking it."""
