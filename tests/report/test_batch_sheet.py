"""The answer to a table of companies as people read it: no machine names, no long decimals, every column explained."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from ktop.catalogue import LANGS, Lang
from ktop.report.batch_sheet import column, write_batch_xlsx

_MACHINE_NAME = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)+$")
COLUMNS = (
    "company_id",
    "name",
    "name_en",
    "business_number",
    "industry",
    "region",
    "as_of",
    "rated",
    "problems",
    "warnings",
    "contradictions_said",
    "tech_index_index",
    "tech_index_infra",
    "tech_index_p_high_growth",
    "tech_index_p_high_growth_low",
    "tech_index_p_high_growth_high",
    "tech_index_basis",
    "tech_index_indicators_missing",
    "tech_index_accounts_known",
    "tech_index_version",
    "tech_index_trained_on",
    "ktrs_fm_growth",
    "ktrs_fm_risk",
    "ktrs_fm_grade_business",
    "ktrs_fm_grade_growth",
    "ktrs_fm_p_failure",
    "ktrs_fm_grade_capped",
    "ktrs_fm_tracks_disagree",
    "ktrs_fm_track_ai_growth",
    "ktrs_fm_track_statistics_risk",
    "ktrs_fm_grade_risk_without_accounts",
    "ktrs_fm_contradictions",
    "ktrs_fm_evidence_grade_growth",
    "ktrs_fm_guarantee",
    "ktrs_fm_guarantee_krw",
    "start_up_growth",
    "sales_krw_t0",
    "q01",
)  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_no_heading_is_a_machine_name(lang: Lang) -> None:
    headings = [column(name, lang).heading for name in COLUMNS]
    assert not [heading for heading in headings if _MACHINE_NAME.match(heading)]
    assert len(set(headings)) == len(headings)
    assert not (lang == "en" and any(re.search("[가-힣]", heading) for heading in headings))


def test_a_heading_of_the_persons_own_stays() -> None:
    assert column("담당자 메모", "en").heading == "담당자 메모"


def test_figures_look_short_and_stay_exact(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "company_id": ["a", "=1+1"],
            "as_of": [date(2026, 11, 28)] * 2,
            "rated": [True, False],
            "ktrs_fm_risk": [88.97629061304302, None],
            "ktrs_fm_p_failure": [0.0004948637174515897, float("nan")],
            "ktrs_fm_guarantee": ["conditional", None],
        }
    )
    path = tmp_path / "answer.xlsx"
    write_batch_xlsx(frame, path, "ko")
    book = CalamineWorkbook.from_path(str(path))
    results, meanings = (book.get_sheet_by_index(place).to_python() for place in (0, 1))
    assert results[1][2:] == ["예", 88.97629061304302, 0.0004948637174515897, "조건부 가능"]
    assert results[2] == ["=1+1", date(2026, 11, 28), "아니오", "", "", ""]
    told = {row[0]: row[2] for row in meanings}
    assert all(heading in told for heading in results[0])
    assert told["KTRS-FM 안전점수"] == "ktrs_fm_risk"
    styles = zipfile.ZipFile(path).read("xl/styles.xml").decode()
    assert 'formatCode="0.0"' in styles and 'formatCode="0.0%"' in styles
    assert b"<f>" not in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")
