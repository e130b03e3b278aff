"""Tech-Index (혁신성장역량지수): innovation growth capability, 0 to 100, from 14 indicators in four groups."""

from ktop.models.tech_index.model import TechIndexModel

__all__ = ["TechIndexModel"]
