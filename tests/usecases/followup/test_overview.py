"""From application to outcome: nobody is lost on the way, and groups are compared only where they are large enough."""

from __future__ import annotations

from datetime import date

import numpy as np

from ktop.catalogue import LANGS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.season.project import Outcomes, Project
from ktop.report.charts import Link, Place, flow, region_map
from ktop.report.programmes import overview_sections
from ktop.report.section_sheets import sections_xlsx
from ktop.usecases.followup.overview import Ranked, flow_of, outcome_of, selection_by_group
from ktop.usecases.programmes.applicants import table_of


def _facts(regions: list[str | None], founded: list[float | None]) -> FactTable:
    rows = [{"region": region, "ceo_founding_record": before} for region, before in zip(regions, founded, strict=True)]
    return table_of(rows, [True] * len(rows), date(2026, 1, 1))


def _project(name: str, **more: object) -> Project:
    return Project(name, "leap", 2024, name, name, **more)  # type: ignore[arg-type]  # of one test's own making


def test_everybody_who_applied_and_every_project_is_in_the_flow_once() -> None:
    decisions = ["selected", "selected", "refused", "withdrawn", "ask", "reserve"]
    call = Ranked(_facts([None] * 6, [None] * 6), decisions, [f"p{k}" for k in range(6)])
    projects = [_project("p0", targets={"jobs": 10.0}), _project("old-1"), _project("old-2", targets={"jobs": 10.0})]
    outcomes: dict[str, Outcomes] = {
        "p0": {2025: {"jobs": 12.0}},
        "old-1": {2025: {"survived": 0.0}},
        "old-2": {2025: {"jobs": 3.0}},
    }
    counts = {(one.stage, one.source, one.target): one.count for one in flow_of([call], projects, outcomes)}
    assert sum(count for (stage, source, _), count in counts.items() if (stage, source) == (0, "applied")) == 6
    assert counts[0, "brought", "selected"] == 2 and counts[0, "applied", "unread"] == 1
    assert counts[1, "selected", "followed"] == 3 and counts[1, "selected", "not_followed"] == 1
    assert {target: counts[2, "followed", target] for target in ("met", "missed", "closed")} == {
        "met": 1,
        "missed": 1,
        "closed": 1,
    }
    assert outcome_of(projects[1], {}) == "unknown" and outcome_of(projects[1], {2025: {"jobs": 1.0}}) == "without"


def test_groups_of_few_are_told_without_a_verdict_and_withdrawn_ones_do_not_count() -> None:
    regions: list[str | None] = ["KR-11"] * 40 + ["KR-26"] * 40 + ["KR-49"] * 5 + [None] * 3
    decisions = (["selected", "refused"] * 20) + (["selected"] + ["not_selected"] * 3) * 10 + ["refused"] * 5
    decisions += ["withdrawn", "unread", "selected"]
    founded: list[float | None] = [0.0, 2.0] * 44
    found = selection_by_group([Ranked(_facts(regions, founded), decisions, [""] * 88)])
    seoul, busan, jeju = found["region"]
    assert (seoul.applied, seoul.selected, seoul.impact) == (40, 20, 1.0)
    assert busan.impact == 0.5 and jeju.impact is None and jeju.applied == 5
    assert {one.group for one in found["ceo_founding_record"]} == {"first", "again"}
    assert sum(one.applied for one in found["ceo_founding_record"]) == 86


def test_the_report_shows_flow_map_and_fairness_in_both_languages() -> None:
    overview = {
        "followed": {"programmes": [], "firms": 2, "several": 0, "most": 1},
        "calls": 1,
        "flow": [{"stage": 0, "source": "applied", "target": "selected", "count": 3}],
        "regions": {"KR-11": 2},
        "fairness": {"region": [{"group": "KR-11", "applied": 40, "selected": 10, "impact": 0.5}]},
    }
    for lang in LANGS:
        parts = overview_sections(overview, lang)
        assert [bool(part.wide_chart or part.charts) for part in parts] == [False, True, True, False]
        assert parts[-1].marked == {0} and sections_xlsx("a", parts).startswith(b"PK")


def test_bands_of_the_flow_are_as_wide_as_their_numbers_and_fit_their_bars() -> None:
    stages = [("a", [Place("x", "X")]), ("b", [Place("y", "Y"), Place("z", "Z")])]
    drawn = flow("Flow", stages, [Link(0, "x", "y", 24_000), Link(0, "x", "z", 1)], "en")
    assert drawn.table.rows == (("X", "Y", "24,000"), ("X", "Z", "1")) and drawn.svg.count("<path") == 2
    assert flow("Flow", stages, [], "ko").table.rows == ()
    shown = region_map("Map", {"KR-11": 9, "foreign": 1}, "en")
    assert len(shown.table.rows) == 18 and shown.svg.count("<polygon") == 17
    assert np.isfinite(shown.height)
