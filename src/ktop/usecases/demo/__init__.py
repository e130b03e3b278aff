"""What a new installation is filled with so that somebody can try it."""
