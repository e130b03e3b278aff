"""The models that must keep the contract, and companies to rate them on."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.models.company_model import CompanyModel
from ktop.models.registry import KINDS, ModelRegistry
from ktop.training.reference import build_reference

AS_OF = date(2021, 1, 1)


@pytest.fixture(scope="session", params=list(KINDS))
def model(request: pytest.FixtureRequest) -> CompanyModel:
    """Every released company model, one after the other."""
    return ModelRegistry().model(request.param)


@pytest.fixture(scope="session")
def population(model: CompanyModel) -> pl.DataFrame:
    """Companies the model may rate and was not trained on, as old on ``AS_OF`` as they were in their own base year."""
    return companies(model, 1500)


def companies(model: CompanyModel, firms: int) -> pl.DataFrame:
    """Return so many companies, or about as many that the model may rate; see ``population``."""
    found = build_reference(firms, 991)
    if not model.eligible(table_of(found)).all():
        found = build_reference(firms * 10 // 3, 991)
        found = found.filter(pl.Series(model.eligible(table_of(found))))
        days = (365.25 * found["age_years"]).round().cast(pl.Int32)
        found = found.with_columns(founded=pl.lit(AS_OF) - pl.duration(days=days))
    return found


@pytest.fixture(scope="session")
def table(population: pl.DataFrame) -> FactTable:
    """The facts of the population."""
    return table_of(population)


def table_of(frame: pl.DataFrame) -> FactTable:
    """Return the facts of a reference frame as of one day."""
    columns = {name: frame[name].to_numpy() for name in frame.columns if not frame[name].dtype.is_temporal()}
    return FactTable.from_columns(columns, AS_OF)


def with_column(table: FactTable, name: str, values: np.ndarray) -> FactTable:
    """Return the table with one column replaced, nothing worked out anew."""
    return FactTable(n=table.n, as_of=table.as_of, columns={**table.columns, name: values}, ok=table.ok)
