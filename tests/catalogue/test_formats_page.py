"""The page of file formats names every field and column there is, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

from ktop.catalogue import load
from ktop.domain.company.fact_spec import FACTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text("utf-8")


def table_names(heading: str) -> list[str]:
    """Return the names in the first column of the table whose heading row begins with ``heading``."""
    rows = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [re.match(r"\| `([^`]+)`", row)[1] for row in rows]  # type: ignore[index]


def test_every_field_of_the_record_is_on_the_page() -> None:
    assert table_names("field | meaning") == list(load("company")["fields"])


def test_every_column_of_a_batch_is_on_the_page() -> None:
    assert table_names("column") == list(FACTS)
