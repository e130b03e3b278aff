"""The made-up neighbourhoods and the model of the originality tests, for what trains it."""

from __future__ import annotations

from ...models.originality.conftest import make, model, neighbourhood, reference

__all__ = ["make", "model", "neighbourhood", "reference"]
