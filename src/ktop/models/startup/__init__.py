"""The start-up model (창업기업 평가모형): growth and risk of young firms without any financial item."""

from ktop.models.startup.model import StartUpModel

__all__ = ["StartUpModel"]
