"""How many machines a corpus and its ratings need, from what was measured: for the operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, message, text
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.number import Number
from ktop.kernel.errors import InputError
from ktop.patents.cluster.sizing import Sizing
from ktop.report import numbers
from ktop.report.charts.chart import Table
from ktop.web.asking import ask, platform
from ktop.web.language import language
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: What is asked, and what stands there at first.
_ASKED: Mapping[str, str] = {"patents": "8000000", "ratings": "1", "memory": "128", "cores": "32"}
#: Corpora beside the one asked for: where the curve bends is seen among them.
_BESIDE = (1_000_000, 8_000_000, 37_000_000, 100_000_000, 150_000_000)
#: Measured point → by what it is divided to be shown.
_POINTS: Mapping[str, float] = {"index_bytes": 1e9, "index_seconds": 60, "rating_core_seconds": 1}


@router.get("/sizes")
async def sizes(request: Request) -> Response:
    """Show what so many patents and ratings a second need, the points behind it, and where the curve bends."""
    lang, use = language(request), platform(request).cluster
    given = {name: request.query_params.get(name, first)[:20] for name, first in _ASKED.items()}
    shown: dict[str, Any] = {"needed": None, "problem": ""}
    try:
        asked = {name: _number(given[name], text(f"cluster.sizes_{name}", lang)) for name in _ASKED}
        machine: dict[str, Any] = {"memory_gb": asked["memory"], "cores": int(asked["cores"])}
        needed = await ask(request, use.size, int(asked["patents"]), asked["ratings"], **machine)
        among = sorted({*_BESIDE, needed.patents})
        all_of_them = [await ask(request, use.size, each, asked["ratings"], **machine) for each in among]
        key = "one_server" if needed.machines == 1 else f"several_by_{needed.bound_by}"
        shown |= {
            "needed": needed,
            "one_machine": float(f"{needed.one_machine:.3g}") if needed.one_machine else None,
            "verdict": text(f"cluster.{key}", lang, machines=needed.machines, **asked | {"cores": machine["cores"]}),
            "cards": _cards(needed, lang),
            "beside": _beside(all_of_them, lang),
        }
    except InputError as error:
        shown["problem"] = message(error, lang)
    measured = await ask(request, use.measured)
    at = measured["checked"]["patents"]
    foretold = await ask(request, use.size, at, 1.0, memory_gb=128.0, cores=32)
    checked = text(
        "cluster.sizes_checked",
        lang,
        patents=at,
        foretold=foretold.index_gb,
        found=measured["checked"]["index_bytes"] / 1e9,
    )
    status = 400 if shown["problem"] else 200
    return page(request, "sizes.html", status, given=given, points=_points(measured, lang), checked=checked, **shown)


def _number(given: str, where: str) -> float:
    try:
        return Number(0, 10**12).parse(given) or 0.0
    except RefusedValueError as refusal:
        raise refusal.at(where) from None


def _cards(needed: Sizing, lang: Lang) -> list[dict[str, Any]]:
    shown = {
        "machines": numbers.figure(needed.machines, lang),
        "total_memory": _gigabytes(needed.memory_gb),
        "disk": _gigabytes(needed.disk_gb),
        "hours": text("cluster.sizes_hours_value", lang, hours=needed.index_hours),
    }
    note = {
        "machines": text("cluster.sizes_machines_note", lang, cores=needed.cores, seconds=needed.rating_seconds),
        "total_memory": text("cluster.sizes_memory_note", lang, index=needed.index_gb),
    }
    return [
        {"label": text(f"cluster.sizes_{name}", lang), "value": value, "note": note.get(name), "tone": ""}
        for name, value in shown.items()
    ]


def _beside(sizes: Sequence[Sizing], lang: Lang) -> Table:
    """Return sizes as a table, one corpus a row."""
    names = ("patents", "index", "total_memory", "disk", "hours", "rating_seconds", "machines", "bound_by")
    rows = [
        (
            f"{one.patents:,}",
            _gigabytes(one.index_gb),
            _gigabytes(one.memory_gb),
            _gigabytes(one.disk_gb),
            f"{one.index_hours:,.1f}",
            f"{one.rating_seconds:.2f}",
            f"{one.machines:,}",
            "–" if one.machines == 1 else text(f"cluster.sizes_by_{one.bound_by}", lang),
        )
        for one in sizes
    ]
    columns = tuple(text(f"cluster.sizes_{name}", lang) for name in names)
    return Table(text("cluster.sizes_beside", lang), columns, tuple(rows))


def _points(measured: Mapping[str, Any], lang: Lang) -> Table:
    """Return the measured points as a table."""
    rows = [
        (text(f"cluster.sizes_point_{name}", lang), f"{patents:,}", numbers.figure(value / unit, lang))
        for name, unit in _POINTS.items()
        for patents, value in sorted(measured[name].items())
    ]
    columns = tuple(text(f"cluster.sizes_{name}", lang) for name in ("point", "patents", "value"))
    return Table(text("cluster.sizes_points", lang), columns, tuple(rows))


def _gigabytes(value: float) -> str:
    return f"{value:,.1f} GB" if value < 100 else f"{value:,.0f} GB"
