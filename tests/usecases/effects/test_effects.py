"""Reports on effects are estimated as jobs, kept by the agency that asked, and given out for their readers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.errors import ForbiddenError, InputError, NotFoundError
from ktop.kernel.settings import Settings


@pytest.fixture(scope="module")
def panel() -> bytes:
    rng = np.random.default_rng(5)
    firms, years = 240, np.arange(2016, 2022)
    supported = rng.random(firms) < 0.5
    size = rng.normal(size=firms)
    sales = size[:, None] + 0.1 * (years - 2016) + rng.normal(0, 0.2, (firms, 6))
    sales += 0.5 * (supported[:, None] & (years >= 2019))
    start = np.repeat(np.where(supported, 2019.0, np.nan), 6)
    columns = {
        "firm_id": np.repeat([f"F{k:03}" for k in range(firms)], 6),
        "year": np.tile(years, firms),
        "treated_from": start,
        "sales": sales.ravel(),
        "size": np.repeat(size, 6),
    }
    kept = io.BytesIO()
    pl.DataFrame(columns).with_columns(pl.col("treated_from").fill_nan(None)).write_parquet(kept)
    return kept.getvalue()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Settings(solo=True, data=tmp_path))


def test_a_report_is_estimated_once_and_read_in_every_form(house: House, panel: bytes) -> None:
    use = house.effects
    given = use.give(LOCAL_OWNER, panel, "firms.parquet", outcome="sales", covariates=["size"])
    assert not given.ready
    with pytest.raises(NotFoundError):
        use.found(LOCAL_OWNER, given.job.id)
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, lambda: None)
    (line,) = use.reports(LOCAL_OWNER).items
    assert line.ready and line.job.id == given.job.id and line.job.result is not None
    found = use.found(LOCAL_OWNER, given.job.id)
    assert found["refused"] is None and abs(found["att"]["value"] - 0.5) < 0.1
    assert line.job.result["att"] == found["att"]
    for reader in ("officer", "ministry"):
        book = use.file(LOCAL_OWNER, given.job.id, "xlsx", reader, "ko")  # type: ignore[arg-type]  # of a plain loop
        sheets = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).sheet_names
        assert ("비교 기업의 유사성" in sheets) == (reader == "officer") and "추정값" in sheets
        assert book.name == f"firms-effect-{reader}.xlsx"
    estimates = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_name("추정값").to_python()
    assert abs(estimates[1][1] - found["att"]["value"]) < 1e-3, "figures are numbers, not text"
    page = use.file(LOCAL_OWNER, given.job.id, "html", "officer", "en").content.decode()
    assert "Years before and after" in page
    assert use.file(LOCAL_OWNER, given.job.id, "pdf", "ministry", "en").content.startswith(b"%PDF-")
    with pytest.raises(ForbiddenError):
        use.found(Actor("kim", "ibk", frozenset({"bank_officer"})), given.job.id)
    with pytest.raises(NotFoundError):
        use.found(Actor("lee", "tipa", frozenset({"agency_manager"})), given.job.id)


def test_what_is_wrong_with_a_panel_is_said_at_once_and_nothing_is_kept(house: House, panel: bytes) -> None:
    for content, name, outcome in ((panel, "a.parquet", "profit"), (panel, "a.txt", "sales"), (b"", "a.csv", "sales")):
        with pytest.raises(InputError):
            house.effects.give(LOCAL_OWNER, content, name, outcome=outcome)
    with pytest.raises(InputError):
        house.effects.give(LOCAL_OWNER, panel, "a.parquet", outcome="sales", by=["size"] * 30)
    assert not house.effects.reports(LOCAL_OWNER).items
