"""Rows of delimited text: a stray quotation mark costs no row, a quoted cell keeps its delimiters and line ends."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers.delimited import MAX_LINES, cut_rows

from .reading import patents, rejects


def cells(text: str, delimiter: str = ",", width: int | None = None) -> list[list[str] | None]:
    return [row.cells for row in cut_rows(iter(text.splitlines(keepends=True)), delimiter, width)]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
@pytest.mark.parametrize(
    "title",
    ['"Quick-release buckle', '"Smart" shelf bracket', '5" pipe', '"', '""', '"a""b', 'bolt of 5"', '"12" and "13"'],
)
def test_a_stray_mark_is_a_character_and_costs_no_row(delimiter: str, title: str) -> None:
    rows = [["id", "title", "kind"], *([str(number), title, "B2"] for number in range(7))]
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    wanted = "" if title == '""' else title  # the empty cell of a table with quoting
    assert cells(text, delimiter) == [rows[0], *([row[0], wanted, row[2]] for row in rows[1:])]


def test_two_stray_marks_far_apart_do_not_swallow_what_lies_between(tmp_path: Path) -> None:
    titles = [f"Device {number}" for number in range(40)]
    titles[3], titles[17], titles[31] = '"Quick-release buckle', 'Strap" with end', '"Smart" bracket'
    table = tmp_path / "g_patent.tsv"
    header = "patent_id\tpatent_type\tpatent_date\tpatent_title\twipo_kind\tnum_claims\twithdrawn\tfilename\n"
    row = "{}\tutility\t2016-03-29\t{}\tB2\t10\t0\tipg160329.xml\n"
    table.write_text(header + "".join(row.format(9_300_000 + n, title) for n, title in enumerate(titles)))
    report = import_paths(tmp_path / "corpus", [table])
    assert (report.new, report.rejected) == (40, 0)
    stored = Corpus(tmp_path / "corpus").patents().sort("id").collect()
    assert stored["title"].to_list() == titles


@given(
    st.sampled_from([",", ";", "|", "\t"]),
    st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.text('ab"\n ', max_size=6) | st.text('ab",;|\t ', max_size=6), min_size=width, max_size=width),
            min_size=1,
            max_size=6,
        )
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_quotes_is_read_back(delimiter: str, rows: list[list[str]], line_end: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"column{number}" for number in range(len(rows[0]))])
    writer.writerows(rows)
    lines = io.StringIO(out.getvalue(), newline="")
    found = [row.cells for row in cut_rows(lines, delimiter)]
    # A delimiter beside a line end in one text can make its lines look like rows: then nobody can tell.
    assume(not any("\n" in cell for row in rows for cell in row) or not any(delimiter in c for r in rows for c in r))
    assert found[1:] == rows


@given(st.text('ab",\n', max_size=120))
def test_every_line_belongs_to_one_row(text: str) -> None:
    lines = text.splitlines(keepends=True)
    taken = [row.line for row in cut_rows(iter(lines), ",", 3)]
    assert taken == sorted(set(taken))
    whole = [number for number, line in enumerate(lines, 1) if line.count(",") == 2 and '"' not in line]
    inside = {line for row in cut_rows(iter(lines), ",", 3) for line in [row.line] if row.cells is not None}
    for number in whole:  # a line with all its cells is a row, or part of a cell that was opened and closed in order
        assert number in inside or any(end > number for end in inside)


def test_a_mark_that_is_never_closed_opens_no_cell() -> None:
    text = 'id,title\n1,"open\n' + "".join(f"{number},x\n" for number in range(2, MAX_LINES + 50))
    found = cells(text)
    assert found[1] == ["1", '"open'] and len(found) == MAX_LINES + 50


def test_a_cell_over_lines_stays_one_row_where_the_line_alone_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('publication_number\ttitle\tyear\nUS7000001B2\t"A lamp\nlit ""well"""\t2001\n')
    (patent,) = patents(tmp_path).values()
    assert patent.title == 'A lamp\nlit "well"' and rejects(tmp_path) == []
