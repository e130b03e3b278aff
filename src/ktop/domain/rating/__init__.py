"""A rating and the grade ladders it is told on."""
