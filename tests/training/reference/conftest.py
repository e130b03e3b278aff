"""One population for all tests of this folder: large enough for the tolerances, built in about a second."""

from __future__ import annotations

import polars as pl
import pytest

from ktop.training.reference import build_reference


@pytest.fixture(scope="session")
def population() -> pl.DataFrame:
    return build_reference(20_000, seed=20)
