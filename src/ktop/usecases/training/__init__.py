"""Making and judging models: training on any panel, validation, comparison, drift, the released models."""
