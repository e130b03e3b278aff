"""Companies: their records, the examples to try, rating one or a table of them."""
