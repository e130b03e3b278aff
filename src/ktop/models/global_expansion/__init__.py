"""The global-expansion model (세계 진출기업 평가모형): entry into markets abroad, growth of exports, staying power."""

from ktop.models.global_expansion.model import GlobalExpansionModel

__all__ = ["GlobalExpansionModel"]
