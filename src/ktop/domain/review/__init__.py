"""Reviews of ratings by people: what they may say, and who may agree."""
