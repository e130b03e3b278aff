"""Companies that agreed to be found by institutions."""
