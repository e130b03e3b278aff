"""What the patents nearest to a technology say: its neighbourhood, key terms, overlaps and what followed."""
