"""Spreadsheets made to take all memory, to hang whoever reads them, or to act on the machine of whoever opens them."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.processes import PLAIN_ENVIRONMENT
from ktop.report import spreadsheet
from ktop.report.spreadsheet import inert, read_xlsx, write_xlsx

_NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def sheet_of_one_text(path: Path, text: str, cells: int) -> Path:
    """Write an .xlsx file of one shared text, which stands in every one of so many cells."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, cells + 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_REL}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        parts.writestr(
            "xl/workbook.xml",
            f'<workbook {_NS} xmlns:r="{_REL}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_REL}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_REL}/sharedStrings" '
            'Target="sharedStrings.xml"/></Relationships>',
        )
        parts.writestr("xl/sharedStrings.xml", f"<sst {_NS}><si><t>{text}</t></si></sst>")
        parts.writestr("xl/worksheets/sheet1.xml", f"<worksheet {_NS}><sheetData>{rows}</sheetData></worksheet>")
    return path


def test_a_text_that_stands_in_few_cells_is_read(tmp_path: Path) -> None:
    assert read_xlsx(sheet_of_one_text(tmp_path / "a.xlsx", "가나", 4)).rows() == [("가나",)] * 3


def test_a_text_repeated_over_many_cells_is_refused_before_it_is_here(tmp_path: Path) -> None:
    path = sheet_of_one_text(tmp_path / "a.xlsx", "가" * 30_000, 3_000)  # 270 MB out of some 20 kB
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match="no spreadsheet, or too large"):
        read_xlsx(path)


def test_more_cells_than_allowed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sheet_of_one_text(tmp_path / "a.xlsx", "a", 50)
    monkeypatch.setattr(spreadsheet, "CELLS_PER_BYTE", 0)
    monkeypatch.setattr(spreadsheet, "CELLS", 49)
    with pytest.raises(ValueError, match="too large"):
        read_xlsx(path)
    monkeypatch.setattr(spreadsheet, "CELLS", 50)
    assert len(read_xlsx(path)) == 49


def test_a_reading_process_that_prints_without_end_is_ended() -> None:
    command = [sys.executable, "-c", "while True: print('[' + ' ' * 100_000, flush=True)"]
    with pytest.raises(ValueError, match=r"too much text|Expecting"):
        spreadsheet._rows_of(command, 1_000, 30.0)
    with pytest.raises(ValueError, match="too much text"):  # one line that never ends
        spreadsheet._rows_of([sys.executable, "-c", "while True: print('[' * 10_000, end='')"], 100_000, 30.0)


def test_a_reading_process_that_hangs_is_ended_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = sheet_of_one_text(tmp_path / "good.xlsx", "a", 3)
    with pytest.raises(ValueError, match="no spreadsheet"):
        spreadsheet._rows_of([sys.executable, "-c", "import threading; threading.Event().wait()"], 1_000, 0.5)
    hung = tmp_path / "hangs.py"
    hung.write_text("import threading; threading.Event().wait()")
    with monkeypatch.context() as patched:
        patched.setattr(spreadsheet.sheet_cells, "__file__", str(hung))
        patched.setattr(spreadsheet, "SECONDS", 0.2)
        patched.setattr(spreadsheet, "SECONDS_PER_MB", 0)
        for _ in range(6):  # more than may wait
            with pytest.raises(ValueError, match="no spreadsheet"):
                read_xlsx(good)
    assert read_xlsx(good).rows() == [("a",)] * 2


def test_the_reading_process_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "PYTHONFAULTHANDLER", "KTOP_DATABASE_URL"):
        monkeypatch.setenv(name, "1")
    told = "import json, os; print(json.dumps(sorted(os.environ)))"
    (names,) = spreadsheet._rows_of([sys.executable, "-c", told], 100_000, 30.0)
    assert set(names) <= {*PLAIN_ENVIRONMENT, "LC_CTYPE"}


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "＝1+1",
    "＋A1",
    "－A1",
    "＠A1",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\x01=1",
]
PLAIN = ["-5", "+3.5", "-1,234.5", "1e-5", "가온 = 정밀", "a@b.example", "A-1", ""]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_led_by_an_apostrophe_in_csv(text: str) -> None:
    led = inert(pl.DataFrame({"=name": [text], "b": [1.5]}))
    assert led.columns == ["'=name", "b"]
    assert led.rows() == [("'" + text, 1.5)]


def test_numbers_and_plain_text_stay_as_they_are() -> None:
    frame = pl.DataFrame({"a": PLAIN, "b": [-1.5] * len(PLAIN)})
    assert inert(frame).equals(frame)


def test_text_comes_back_from_xlsx_as_it_was_and_never_as_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "＝1+1", "-1+1", "@SUM(A1)", "가", "a<b>&\"c\" 'd'", "two\nlines", "]]>", "a_b_xyz"]
    numbers = [-1.0, 2.0, 3.5, 1e-7, 123456789.123, 0.1 + 0.2, 1e300, 4.0, 5.0]
    path = tmp_path / "a.xlsx"
    write_xlsx(pl.DataFrame({"a": texts, "n": numbers}), path, {})
    assert read_xlsx(path).rows() == list(zip(texts, numbers, strict=True))
    with zipfile.ZipFile(path) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()
        assert 'quotePrefix="1"' in parts.read("xl/styles.xml").decode()


def test_text_that_xml_cannot_hold_is_written_as_other_programs_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    frame = pl.DataFrame({"a": ["\x01", "_x0041_", " led", None], "b": [None, float("nan"), 2.0, float("inf")]})
    write_xlsx(frame, path, {"a": "label"})
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<t>_x0001_</t>" in sheet and "<t>_x005F_x0041_</t>" in sheet and '<t xml:space="preserve"> led</t>' in sheet
    assert '<dimension ref="A1:B6"/>' in sheet and "<t>inf</t>" in sheet and 'r="B4"' not in sheet
    assert sheet.count("<row ") == 6 and sheet.index('r="A3"') < sheet.index('r="A5"')
