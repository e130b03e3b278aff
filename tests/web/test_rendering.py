"""Filling templates: what a page writes of values that nobody has checked."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import ktop.web
from ktop.web.rendering import table_rows


class Cells(HTMLParser):
    """Reads a table's rows back: of each cell its element, class and text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.rows: list[list[list[str]]] = []
        self.feed(f"<table>{markup}</table>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([[dict(attrs).get("class") or ""]])
        elif tag in ("th", "td"):
            self.rows[-1].append([tag, dict(attrs).get("class") or "", ""])

    def handle_data(self, data: str) -> None:
        if self.rows and len(self.rows[-1]) > 1 and data != "\n    ":
            self.rows[-1][-1][2] += data.removesuffix("\n")


def test_no_page_tells_a_time_by_the_clock_of_the_machine() -> None:
    rooms = Path(ktop.web.__file__).parent
    pages = [*rooms.glob("templates/*.html"), *rooms.glob("pages/*.py")]
    assert len(pages) > 100
    assert [one.name for one in pages if re.search(r"astimezone\(\)|strftime", one.read_text("utf-8"))] == []


def test_columns_and_rows_get_their_classes() -> None:
    rows = [("a", "1", "long"), ("b", "2", "longer")]
    assert table_rows(rows, numeric=(1,), strong=(1,), long=(2,)) == (
        '    <tr><th scope="row">a</th><td class="num">1</td><td class="long-cell">long</td></tr>\n'
        '    <tr class="strong"><th scope="row">b</th><td class="num">2</td><td class="long-cell">longer</td></tr>\n'
    )
    assert table_rows([]) == ""


def test_cells_carry_the_names_of_their_columns_for_a_narrow_screen() -> None:
    assert table_rows([("a", "1")], numeric=(1,), names=("Firm", 'of "R&D"')) == (
        '    <tr><th scope="row" data-name="Firm">a</th><td class="num" data-name="of &#34;R&amp;D&#34;">1</td></tr>\n'
    )


words = st.text(st.sampled_from("ab<>&\"'/= 가"), max_size=12)


@given(st.lists(st.lists(words, min_size=1, max_size=4), max_size=4))
def test_whatever_stands_in_a_cell_stays_in_it(rows: list[list[str]]) -> None:
    read = Cells(table_rows(rows)).rows
    assert [[cell[2] for cell in row[1:]] for row in read] == rows
    assert all(row[1][0] == "th" and all(cell[0] == "td" for cell in row[2:]) for row in read)
