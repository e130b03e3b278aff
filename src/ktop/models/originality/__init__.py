"""The originality model: how core, original, value-creating and far-reaching a technology is among earlier patents."""

from ktop.models.originality.compare import compare
from ktop.models.originality.model import OriginalityModel
from ktop.models.originality.reference import OriginalityReference, build_reference, choose_sample
from ktop.models.originality.weights import Weights, released

__all__ = [
    "OriginalityModel",
    "OriginalityReference",
    "Weights",
    "build_reference",
    "choose_sample",
    "compare",
    "released",
]
