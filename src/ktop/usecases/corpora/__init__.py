"""Work on a patent corpus: import, index, measures, what technologies are held against."""
