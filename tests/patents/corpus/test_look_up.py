"""The key of numbers is the same in Python, SQL and Polars; citations and records meet under it."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.domain.patent.numbers import forms, look_up_key
from ktop.patents.corpus import look_up
from ktop.patents.corpus.database import database

_WRITTEN = [w for of in forms("publications").values() for form in of for w in form.examples.values()]
_OFFICES = [
    "US",
    "USR",
    "USP",
    "JP",
    "JPH",
    "JPS",
    "JPWO",
    "WO",
    "CN",
    "KR",
    "EP",
    "SG",
    "CH",
    "BRPI",
    "BR",
    "DKPA",
    "DK",
    "ES",
]
_BODIES = ["05142789", "9721730", "1997021730", "02083860", "11201505229S", "661404G"]
_KINDS = ["", "A", "A1", "B1", "B2", "C", "U", "Y2", "W"]
_NUMBERS = st.sampled_from(_WRITTEN) | st.builds(
    lambda office, digits, kind: f"{office}{digits}{kind}",
    st.sampled_from(_OFFICES),
    st.integers(1, 10**11).map(str) | st.sampled_from(_BODIES),
    st.sampled_from(_KINDS),
)


@settings(max_examples=60)
@given(st.lists(_NUMBERS, min_size=1, max_size=30, unique=True))
def test_three_languages_make_one_key(tmp_path_factory: pytest.TempPathFactory, numbers: list[str]) -> None:
    wanted = {number: look_up_key(number) for number in numbers}
    frame = pl.DataFrame({"number": numbers}).with_columns(key=look_up.look_up_key(pl.col("number")))
    assert dict(frame.rows()) == wanted
    folder = tmp_path_factory.mktemp("keys")
    frame.write_parquet(folder / "numbers.parquet")
    with database(folder) as db:
        look_up.make_look_up_macros(db)
        rows = db.rows(look_up.with_keys(f"SELECT number FROM read_parquet('{folder / 'numbers.parquet'}')"))
    assert dict(rows) == wanted
