"""Pages follow one another without gap or repetition, and a made-up cursor is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.kernel.errors import InputError
from ktop.kernel.paging import page_of, read_cursor, rows_asked

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@given(st.integers(0, 30), st.integers(1, 8))
def test_pages_hold_every_row_once(count: int, limit: int) -> None:
    rows = [(NOON + timedelta(microseconds=n), f"id-{n}", n) for n in range(count)]
    seen: list[tuple[datetime, str, int]] = []
    cursor: str | None = None
    while True:
        behind = read_cursor(cursor, datetime, str, int) if cursor else None
        left = [row for row in rows if behind is None or row > behind]
        page = page_of(left[: limit + 1], limit, lambda row: row)
        seen += page.items
        cursor = page.after
        if cursor is None:
            break
    assert seen == rows


@given(st.text(max_size=40))
def test_no_text_is_taken_for_a_cursor_by_accident(text: str) -> None:
    with pytest.raises(InputError):
        read_cursor(text, datetime, str)


@pytest.mark.parametrize(
    "cursor", ["W10", "WyJ4Il0", "W3RydWVd", "WzFlOTk5XQ", "W" * 500, "WyIyMDI2LTAxLTAxIiwgIngiXQ"]
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InputError):
        read_cursor(cursor, datetime, str)
    with pytest.raises(InputError):
        read_cursor(cursor, int)


@pytest.mark.parametrize(("limit", "rows"), [(None, 50), (1, 1), (200, 200)])
def test_the_rows_of_a_page(limit: int | None, rows: int) -> None:
    assert rows_asked(limit) == rows


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_of_no_or_too_many_rows_is_refused(limit: int) -> None:
    with pytest.raises(InputError):
        rows_asked(limit)
