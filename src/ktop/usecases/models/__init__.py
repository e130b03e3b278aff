"""The life of models: train, validate, compare, release, watch."""
