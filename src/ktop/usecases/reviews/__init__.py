"""Reviews of ratings: comments, grades of people beside those of models, what waits for a second pair of eyes."""
