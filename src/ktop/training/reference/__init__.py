"""The synthetic reference population: what models are trained on until an institution brings its own data."""

from ktop.training.reference.build import build_reference
from ktop.training.reference.parameters import generator_version

__all__ = ["build_reference", "generator_version"]
