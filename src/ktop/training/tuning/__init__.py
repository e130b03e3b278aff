"""Training that tunes itself: from a minimal scheme and a panel to a full scheme, and a report of what was tried.

Everything is chosen on the training data alone, by firms and years that a candidate did not train on.
"""
