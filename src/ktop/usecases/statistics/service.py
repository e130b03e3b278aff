"""Counts what is published: half-years, grades, industries and regions, small cells hidden."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.permission import require
from ktop.kernel.errors import ForbiddenError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.report.list_file import list_xlsx
from ktop.store.statistics import InstallationFigures, RatedFirm
from ktop.store.unit_of_work import Store
from ktop.usecases.statistics.interface import Published
from ktop.validation.small_cells import LEAST, all_without_small_cells

#: What stands in a CSV file where a count is hidden.
HIDDEN = "hidden"
#: Models whose technology-business grade is counted; the one rated last counts for a firm.
_GRADED = ("ktrs-fm", "start-up")
#: A rating as much later than another tells what became of the firm.
_LATER_DAYS = 330
#: How old published figures become before they are counted anew.
_AGAIN = timedelta(days=1)
#: The model's own target: sales growth of 20 % a year (높은 성장).
_HIGH_GROWTH = 0.20
_TABLES = {
    "usage": ("half_year", "kind", "count"),
    "grades_by_industry": ("half_year", "industry", "grade", "firms"),
    "grades_by_region": ("half_year", "region", "grade", "firms"),
    "later": ("half_year", "grade", "outcome", "firms"),
    "rates": ("half_year", "grade", "rated_again", "failure_percent", "high_growth_percent"),
}
_ENDINGS = ("csv", "xlsx")
#: What became of firms: each adds up to those rated again; what begins with "_" is not published and hides small ones.
_LATER = (("rated_again",), ("failure", "_no_failure"), ("high_growth", "other_growth", "_growth_unknown"))


class StatisticsService:
    """See ``ktop.usecases.statistics.interface.Statistics``; ``folder`` is where the page reads."""

    def __init__(
        self,
        store: Callable[[], Store],
        folder: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._folder, self._clock = store, folder, clock

    def publish(self, actor: Actor, folder: Path | None = None) -> Published:
        require(actor, "platform:statistics:read")
        return self._publish(actor, folder)

    def tend(self, actor: Actor) -> bool:
        if actor != INSTALLATION:
            raise ForbiddenError("jobs.workers_only")
        last = self.published(actor)
        if last is not None and last.tables.keys() >= _TABLES.keys() and self._clock() - last.made < _AGAIN:
            return False
        self._publish(actor, None)
        return True

    def table(self, actor: Actor, name: str, ending: str = "csv") -> bytes:
        if name not in _TABLES or ending not in _ENDINGS:
            raise NotFoundError("statistics.none_yet")
        try:
            return (self._folder / f"{name}.{ending}").read_bytes()
        except FileNotFoundError:
            raise NotFoundError("statistics.none_yet") from None

    def _publish(self, actor: Actor, folder: Path | None) -> Published:
        with self._store().installation(reading=True) as work:
            tables = _tables(work.figures_of_all, half_year(self._clock()))
        made = Published(self._clock(), tables)
        _write(made, folder or self._folder)
        with self._store().installation() as work:
            work.tell(actor, "statistics.published", "statistics", {"tables": sorted(tables)})
        return made

    def published(self, actor: Actor) -> Published | None:
        try:
            read = json.loads((self._folder / "figures.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Published(datetime.fromisoformat(read["made"]), read["tables"])


def half_year(at: datetime) -> str:
    """Return the half-year of a moment, as ``2026-H1``."""
    return f"{at.year}-H{1 if at.month <= 6 else 2}"


def _tables(found: InstallationFigures, running: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tables; grades of the running half-year are not told, because two days' figures tell a firm's."""
    usage = [
        {"half_year": half, "kind": kind, "count": count if count >= LEAST else None}
        for kind, counted in found.by_half_year().items()
        for half, count in counted.items()
    ]
    latest: dict[tuple[str, str], dict[str, str]] = {}
    outcomes: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for firm, rows in groupby(found.rated_firms(), key=lambda row: row.firm):
        history = list(rows)
        for row in history:
            if (graded := _graded(row)) is not None:
                latest[half_year(row.created), firm] = graded
        latest.pop((running, firm), None)
        _count_later(history, outcomes)
    later = [row for half, counts in sorted(outcomes.items()) for row in _later(half, counts)]
    return {"usage": usage, **_grades(latest), "later": later, "rates": _rates(later)}


def _graded(row: RatedFirm) -> dict[str, str] | None:
    for result in row.results:
        if result["model"]["name"] in _GRADED and "business" in result.get("grades", {}):
            subject = result.get("subject", {})
            return {
                "grade": result["grades"]["business"],
                "industry": subject.get("industry_group") or "",
                "region": subject.get("region") or "",
            }
    return None


def _grades(latest: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """Return firms by grade and industry, and by grade and region.

    Both count the same firms of a half-year, so what is hidden in one must not be told by the other.
    """
    shown: dict[str, list[dict[str, Any]]] = {"grades_by_industry": [], "grades_by_region": []}
    for half in sorted({half for half, _ in latest}):
        graded = [one for (of, _), one in latest.items() if of == half]
        counts = [Counter((one[what], one["grade"]) for one in graded) for what in ("industry", "region")]
        for what, table in zip(("industry", "region"), all_without_small_cells(counts), strict=True):
            shown[f"grades_by_{what}"] += [
                {"half_year": half, what: name, "grade": grade, "firms": count}
                for (name, grade), count in sorted(table.items())
            ]
    return shown


def _later(half: str, counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Return what firms rated in a half-year became, by grade: ``counts`` by grade and outcome."""
    tables = [{(name, grade): count for (grade, name), count in counts.items() if name in names} for names in _LATER]
    firms = {grade: count for (_, grade), count in tables[0].items()}
    for table, names in zip(tables[1:], _LATER[1:], strict=True):
        for grade, all_of in firms.items():
            told = sum(count for (_, of), count in table.items() if of == grade)
            table[names[-1], grade] = all_of - told
    shown = {cell: count for table in all_without_small_cells(tables) for cell, count in table.items()}
    return [
        {"half_year": half, "grade": grade, "outcome": name, "firms": count}
        for (name, grade), count in sorted(shown.items(), key=lambda one: (one[0][1], one[0][0]))
        if not name.startswith("_")
    ]


def _rates(later: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return failures and growth of each half-year and grade in per cent, of counts that are shown alone.

    Growth is a share of the firms whose sales are known on both days.
    """
    found: defaultdict[tuple[str, str], dict[str, int | None]] = defaultdict(dict)
    for row in later:
        found[row["half_year"], row["grade"]][row["outcome"]] = row["firms"]
    rates = []
    for (half, grade), firms in found.items():
        again, grew, grew_less = (firms.get(name, 0) for name in ("rated_again", "high_growth", "other_growth"))
        known = None if grew is None or grew_less is None else grew + grew_less
        rates.append(
            {
                "half_year": half,
                "grade": grade,
                "rated_again": again,
                "failure_percent": _percent(firms.get("failure", 0), again),
                "high_growth_percent": _percent(grew, known),
            }
        )
    return rates


def _percent(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else round(100 * part / whole, 1)


def _count_later(history: Sequence[RatedFirm], by_half_year: Mapping[str, Counter[tuple[str, str]]]) -> None:
    """Count what a firm's first rating that is old enough was followed by: one count a firm and outcome.

    It counts in the half-year of that first rating.
    """
    first, last = history[0], history[-1]
    graded = _graded(first)
    days = (last.created - first.created).days
    if graded is None or days < _LATER_DAYS:
        return
    before, after = _values(first), _values(last)
    outcomes = by_half_year[half_year(first.created)]
    outcomes[graded["grade"], "rated_again"] += 1
    if 1 in (after.get("default_record_3y"), after.get("business_suspended")):
        outcomes[graded["grade"], "failure"] += 1
    sold, sells = before.get("sales_krw_t0"), after.get("sales_krw_t0")
    if sold and sold > 0 and sells is not None and sells >= 0:
        growth = (sells / sold) ** (365.25 / days) - 1
        outcomes[graded["grade"], "high_growth" if growth >= _HIGH_GROWTH else "other_growth"] += 1


def _values(row: RatedFirm) -> dict[str, Any]:
    return {one["name"]: one.get("value") for result in row.results for one in result.get("inputs", ())}


def _write(made: Published, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"made": made.made.isoformat(), "least": LEAST, "tables": made.tables}
    _put(folder / "figures.json", json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    for name, columns in _TABLES.items():
        rows = [[HIDDEN if row[column] is None else row[column] for column in columns] for row in made.tables[name]]
        _put(folder / f"{name}.csv", "\ufeff" + _csv(columns, rows))
        with atomic_path(folder / f"{name}.xlsx") as beside:
            beside.write_bytes(list_xlsx(name, columns, rows))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue()


def _put(path: Path, content: str) -> None:
    with atomic_path(path) as beside:
        beside.write_text(content, "utf-8")
