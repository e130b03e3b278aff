"""Every list is sorted, filtered, paged, remembered and downloaded alike, and no cell of a file acts."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.requests import Request
from starlette.responses import Response

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.paging import Page, page_of, read_cursor
from ktop.report.list_file import list_csv, list_xlsx
from ktop.web import tables
from ktop.web.tables import Column

ACTING = ("=1+1", "+82-2-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "－1+1")


def asked(query: str = "", cookie: str = "") -> Request:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/list", "query_string": query.encode()}
    app = SimpleNamespace(state=SimpleNamespace(behind_tls=False))
    scope |= {"headers": headers, "app": app, "scheme": "http", "server": ("x", 80)}
    return Request(scope)


COLUMNS = [
    Column[dict[str, Any]]("name", "이름", lambda row: row["name"], href=lambda row: f"/x/{row['name']}"),
    Column[dict[str, Any]]("kind", "종류", lambda row: row["kind"], "choice", shown=str.upper),
    Column[dict[str, Any]]("score", "점수", lambda row: row.get("score"), "number"),
]
ROWS: list[dict[str, Any]] = [
    {"name": "나", "kind": "bank", "score": 2.0},
    {"name": "가", "kind": "agency", "score": None},
    {"name": "다 b", "kind": "bank", "score": 10.0},
]


def shown(query: str, cookie: str = "", rows: Any = ROWS) -> tuple[list[str], tables.Table[Any]]:
    table = tables.listed(asked(query, cookie), "some", "목록", COLUMNS, rows)
    return [cells[0].shown for _, cells in table.rows], table


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["나", "가", "다 b"]),
        ("sort=name", ["가", "나", "다 b"]),
        ("sort=-name", ["다 b", "나", "가"]),
        ("sort=score", ["나", "다 b", "가"]),  # missing is not zero: it comes last either way
        ("sort=-score", ["다 b", "나", "가"]),
        ("sort=nothing", ["나", "가", "다 b"]),
        ("f_kind=bank", ["나", "다 b"]),
        ("f_kind=nonsense", ["나", "가", "다 b"]),
        ("q=B%20%EB%8B%A4", ["다 b"]),  # words in any order, small or capital letters
        ("q=BANK&sort=name", ["나", "다 b"]),
        ("page=99", ["나", "가", "다 b"]),
    ],
)
def test_rows_are_sorted_and_filtered(query: str, names: list[str]) -> None:
    assert shown(query)[0] == names


def test_pages_hold_each_row_once_and_keep_what_was_asked() -> None:
    rows = [{"name": f"n{place:03}", "kind": "bank", "score": place} for place in range(60)]
    seen, query = [], "sort=-score&q=n0&rows=25"
    while query:
        names, table = shown(query, rows=rows)
        seen += names
        query = table.next.partition("?")[2]
    assert seen == [f"n{place:03}" for place in range(59, -1, -1)]
    assert table.previous and "sort=-score" in table.previous and "q=n0" in table.previous
    assert table.headings[2].sorted == "descending" and "sort=score" in table.headings[2].href
    assert "q=n0" in table.headings[0].href, "sorting keeps what was searched for"
    assert table.count == "60건 중 51~60" and table.position == "3쪽 중 3쪽"


def test_order_and_rows_are_remembered_by_list_and_what_was_searched_is_not() -> None:
    request = asked("sort=-name&rows=50&q=secret")
    tables.listed(request, "some", "목록", COLUMNS, ROWS)
    answer = Response()
    tables.remember(request, answer)
    cookie = re.match(r"ktop_lists=[^;]*", answer.headers["set-cookie"])
    assert cookie and "secret" not in cookie[0] and "HttpOnly" in answer.headers["set-cookie"]
    names, table = shown("", cookie[0])
    assert names == ["다 b", "나", "가"] and (50, True) in table.sizes
    assert shown("sort=name", cookie[0])[0] == ["가", "나", "다 b"], "the address counts before what is remembered"
    other = tables.listed(asked("", cookie[0]), "other", "목록", COLUMNS, ROWS)
    assert [cells[0].shown for _, cells in other.rows] == ["나", "가", "다 b"]
    for nonsense in ("ktop_lists=a:b", "ktop_lists=" + "some:-name:50|" * 900, "ktop_lists=some:../x:1"):
        assert len(shown("", nonsense)[0]) == 3


def test_a_list_without_an_end_is_read_in_windows() -> None:
    made = list(range(2500, 0, -1))

    def read(actor: Actor, *, limit: int | None = None, after: str | None = None) -> Page[int]:
        begin = made.index(int(read_cursor(after, int)[0])) + 1 if after else 0  # type: ignore[call-overload]
        return page_of(made[begin : begin + (limit or 50) + 1], limit or 50, lambda number: (number,))

    seen: list[int] = []
    after: str | None = None
    for _ in range(3):
        found = tables.window(LOCAL_OWNER, read, after)
        seen += found.items
        after = found.after
    assert seen == made and after is None
    first = tables.window(LOCAL_OWNER, read, None)
    table = tables.listed(asked("q=1&sort=n"), "n", "수", [Column[int]("n", "수", lambda n: n, "number")], first)
    assert "after=" in table.older and "q=1" in table.older and "page=" not in table.older
    assert "1,000" in table.older_words


def test_files_hold_all_pages_with_real_numbers_and_nothing_that_acts() -> None:
    rows = [{"name": words, "kind": "bank", "score": float(place)} for place, words in enumerate([*ACTING, "-1,234.5"])]
    for ending in ("xlsx", "csv"):
        request = asked(f"file={ending}&rows=25&sort=score")
        answer = tables.file_of(request, tables.listed(request, "some", "목록: [x]", COLUMNS, rows * 30))
        assert answer is not None and f"k-top-some.{ending}" in answer.headers["content-disposition"]
        if ending == "xlsx":
            book = CalamineWorkbook.from_filelike(io.BytesIO(bytes(answer.body)))
            cells = book.get_sheet_by_index(0).to_python()
            assert {row[0] for row in cells[1:]} == {*ACTING, "-1,234.5"}
        else:
            text = bytes(answer.body).decode("utf-8-sig")
            cells = list(csv.reader(io.StringIO(text)))
            assert {row[0] for row in cells[1:]} == {f"'{words}" for words in ACTING} | {"-1,234.5"}
        assert cells[0] == ["이름", "종류", "점수"] and len(cells) == 1 + 7 * 30
        assert float(cells[-1][2]) == 6.0 and cells[1][1] == "BANK"
    assert tables.file_of(asked("file=exe"), tables.listed(asked(), "some", "목록", COLUMNS, ROWS)) is None


def test_moments_are_written_in_korean_time() -> None:
    at, day = datetime(2026, 6, 30, 20, 5, tzinfo=UTC), date(2026, 7, 1)
    assert b"2026-07-01 05:05,2026-07-01,\r\n" in list_csv(["a", "b", "c"], [[at, day, None]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(list_xlsx("t", ["a", "b", "c"], [[at, day, None]])))
    first, second, third = book.get_sheet_by_index(0).to_python()[1]
    assert (str(first), str(second)[:10], third) == ("2026-07-01 05:05:00", "2026-07-01", "")
