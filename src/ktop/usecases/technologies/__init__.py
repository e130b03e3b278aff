"""Technologies: rating one summary or many, ranking proposals, what a text could add."""
