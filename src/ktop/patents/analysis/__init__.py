"""Korean and English text as terms, phrases and sentence vectors, the same when indexing and when asking."""
