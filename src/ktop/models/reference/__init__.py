"""The synthetic reference population: what models are trained on until an institution brings its own data."""

from ktop.models.reference.build import build_reference
from ktop.models.reference.parameters import generator_version
from ktop.models.reference.record import to_company_record

__all__ = ["build_reference", "generator_version", "to_company_record"]
