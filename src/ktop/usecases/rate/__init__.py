"""Ratings that are kept: making them, looking at them again, changing, comparing and recomputing them."""
