"""The latent capabilities behind every synthetic firm: four the Tech-Index aims at, two only an appraiser sees."""

from __future__ import annotations

import numpy as np

from ktop.training.reference.draw import Streams
from ktop.training.reference.parameters import Array, linear, parameters
from ktop.training.reference.population import Firms

CAPABILITIES = ("infra", "input", "activity", "output")
#: Quality of management and prospects of the market: they move outcomes and show only through the checklist.
UNOBSERVED = ("management", "market")


def draw_capabilities(firms: Firms, streams: Streams) -> dict[str, Array]:
    """Return the latents by name, correlated normals with shifts by technology level and age, mean 0 over the firms."""
    rng = streams.stage("capability")
    spec = parameters("capability")
    names = CAPABILITIES + UNOBSERVED
    factor = np.linalg.cholesky(np.array(spec["correlation"]))
    draws = rng.standard_normal((firms.n, len(names))) @ factor.T
    latents = {}
    for column, name in enumerate(names):
        value = draws[:, column] + linear(spec["shift"][name], firms.variables)
        latents[name] = value - value.mean()
    return latents
