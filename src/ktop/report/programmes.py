"""The report on an agency's programmes from application to outcome, as sections of page, PDF and workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.values.region import regions
from ktop.report import numbers
from ktop.report.charts import Link, Place, Table, flow, region_map
from ktop.report.validation import Section

#: Places of the flow by stage, each with the colour role of its bar.
_STAGES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("applied", "own"), ("brought", "other")),
    (
        ("selected", "good"),
        ("reserve", "warn"),
        ("not_selected", "other"),
        ("refused", "bad"),
        ("ask", "warn"),
        ("unread", "other"),
    ),
    (("followed", "own"), ("not_followed", "other")),
    (("met", "good"), ("missed", "warn"), ("closed", "bad"), ("without", "other"), ("unknown", "other")),
)
_FOUR_FIFTHS = 0.8


def overview_sections(found: Mapping[str, Any], lang: Lang) -> list[Section]:
    """Return the report; ``found`` is ``ktop.usecases.followup.interface.Overview`` in plain types."""

    def say(key: str, **params: Any) -> str:
        return text(f"programmes_report.{key}", lang, **params)

    followed = found["followed"]
    projects = sum(one["projects"] for one in followed["programmes"])
    lead = say("lead", calls=found["calls"], projects=f"{projects:,}", firms=f"{followed['firms']:,}")
    parts = [Section(said=lead)]
    if found["flow"]:
        links = [Link(one["stage"], one["source"], one["target"], one["count"]) for one in found["flow"]]
        stages = [
            (say(f"stage_{k}"), [Place(key, say(f"place_{key}"), tone) for key, tone in places])
            for k, places in enumerate(_STAGES)
        ]
        wide, narrow = (flow(say("flow_title"), stages, links, lang, width=width) for width in (640, 340))
        parts.append(
            Section(say("flow_title"), 2, said=say("flow_said"), wide_chart=wide, narrow_chart=narrow, table=wide.table)
        )
    if followed["programmes"]:
        parts += [_programmes(followed, lang), _overlap(followed, lang)]
    if found["regions"]:
        drawn = region_map(say("map_title"), found["regions"], lang)
        parts.append(
            Section(say("map_title"), 2, said=say("map_said"), charts=(drawn,), wide_chart=None, table=drawn.table)
        )
    for name, groups in found["fairness"].items():
        parts.append(_fairness(name, groups, lang))
    return parts


def _programmes(followed: Mapping[str, Any], lang: Lang) -> Section:
    heads = (
        "programmes_season.of_programme",
        *(f"programmes_follow.of_{name}" for name in ("projects", "firms", "budget", "met", "cost", "warned")),
    )
    rows = [
        (
            one["programme"],
            f"{one['projects']:,}",
            f"{one['firms']:,}",
            "–" if one["budget_krw"] is None else numbers.money(one["budget_krw"], lang),
            f"{one['met']:,} / {one['decided']:,}",
            "–" if one["cost_krw"] is None else numbers.money(one["cost_krw"], lang),
            f"{one['warned']:,}",
        )
        for one in followed["programmes"]
    ]
    heading = text("programmes_report.cost_title", lang)
    table = Table(heading, tuple(text(head, lang) for head in heads), tuple(rows))
    return Section(heading, 2, said=text("programmes_report.cost_said", lang), table=table)


def _overlap(followed: Mapping[str, Any], lang: Lang) -> Section:
    figures = {"firms": f"{followed['firms']:,}", "several": f"{followed['several']:,}", "most": followed["most"]}
    said = text("programmes_follow.overlap", lang, **figures)
    return Section(text("programmes_follow.overlap_title", lang), 2, said=said)


def _fairness(name: str, groups: Sequence[Mapping[str, Any]], lang: Lang) -> Section:
    heading = text("programmes_report.fair_title", lang, name=FACTS[name].label[lang])
    rows = [
        (
            _group(name, one["group"], lang),
            f"{one['applied']:,}",
            f"{one['selected']:,}",
            numbers.percent(one["selected"] / one["applied"], lang),
            text("programmes_report.fair_few", lang) if one["impact"] is None else f"{one['impact']:.2f}",
        )
        for one in groups
    ]
    low = frozenset(k for k, one in enumerate(groups) if one["impact"] is not None and one["impact"] < _FOUR_FIFTHS)
    names = ", ".join(_group(name, groups[k]["group"], lang) for k in sorted(low))
    said = text("programmes_report.fair_low", lang, names=names) if low else text("programmes_report.fair_alike", lang)
    heads = ("group", "applied", "selected", "share", "impact")
    columns = tuple(text(f"programmes_report.fair_{head}", lang) for head in heads)
    return Section(heading, 2, said=said, table=Table(heading, columns, tuple(rows)), marked=low)


def _group(name: str, group: str, lang: Lang) -> str:
    if name == "ceo_founding_record":
        return text(f"programmes_report.founder_{group}", lang)
    known = regions().get(group) if name == "region" else cell_labels(name).get(group)
    return str(known[lang]) if known else group
