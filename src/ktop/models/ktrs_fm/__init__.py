"""KTRS-FM (기술평가 신속표준모형): growth, risk and business grade from 14 items and 25 checklist answers."""

from ktop.models.ktrs_fm.model import KtrsFmModel

__all__ = ["KtrsFmModel"]
