"""A table of queries: patents that a query leaves out are found however their numbers are printed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ktop.usecases.corpora.corpus import read_queries


@pytest.mark.parametrize("named", ["US 7,654,321 B2 JPH05142789A", ["US 7,654,321 B2", "JP 5-142789 A", None]])
def test_patents_left_out_are_named_in_any_form(tmp_path: Path, named: str | list[str | None]) -> None:
    queries = tmp_path / "queries.parquet"
    pl.DataFrame({"query_id": ["1"], "text": ["lamp"], "exclude": [named]}).write_parquet(queries)
    (query,) = read_queries(queries)
    wanted = {"JPH05142789A"} | ({"US7654321B2"} if isinstance(named, list) else set())
    assert wanted <= set(query["exclude"])


def test_a_title_beside_a_query_is_its_first_line(tmp_path: Path) -> None:
    queries = tmp_path / "queries.parquet"
    pl.DataFrame({"query_id": ["1", "2"], "title": ["Lamp", None], "text": ["It shines.", "It turns."]}).write_parquet(
        queries
    )
    assert [query["text"] for query in read_queries(queries)] == ["Lamp\nIt shines.", "It turns."]
