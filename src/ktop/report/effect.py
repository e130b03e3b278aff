"""The report on a programme's effect, as one page of HTML and as PDF, from the content of ``effect.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report.charts import Table
from ktop.report.pdf import sections_pdf
from ktop.report.validation import Section, sections_page


def effect_page(found: Mapping[str, Any], lang: Lang) -> str:
    """Return the report as HTML that refers to nothing outside itself; every name from the data is escaped."""
    return sections_page(text("effect.title", lang), _sections(found, lang), lang)


def effect_pdf(found: Mapping[str, Any], lang: Lang, day: date) -> bytes:
    """Return the report of a day as PDF."""
    return sections_pdf(text("effect.title", lang), _sections(found, lang), lang, day)


def _sections(found: Mapping[str, Any], lang: Lang) -> list[Section]:
    def say(key: str, **params: Any) -> str:
        return text(f"effect.{key}", lang, **params)

    def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        return Table(say(caption), tuple(say(f"head_{head}") for head in heads), tuple(tuple(row) for row in rows))

    lead, certainty = _verdict(found, lang)
    firms = {name: f"{count:,}" for name, count in found["firms"].items()}
    years = found["years"] or ["–", "–"]
    about = say("firms_said", first=years[0], last=years[1], **firms)
    figures = [
        (say(f"figure_{name}"), *_shown(found[name])) for name in ("att", "matched", "naive") if found[name] is not None
    ]
    parts = [
        Section(
            said=lead, notice=found["refused"] is not None, items=tuple(line for line in (certainty, about) if line)
        ),
        Section(
            say("heading_figures"),
            2,
            said=say("naive_warning"),
            table=table("heading_figures", ("figure", "value", "low", "high"), figures),
        ),
    ]
    if found["by_event_time"]:
        rows = [(f"{one['year']:+d}", *_shown(one)) for one in found["by_event_time"]]
        chance = found["pretrend"]["p"]
        parts.append(
            Section(
                say("heading_event"),
                2,
                said="" if chance is None else say("pretrend_said", p=f"{chance:.3f}"),
                table=table("heading_event", ("year", "value", "low", "high"), rows),
            )
        )
    if found["balance"]:
        alike = [(one["covariate"], f"{one['before']:+.2f}", f"{one['after']:+.2f}") for one in found["balance"]]
        heads = ("covariate", "before", "after")
        parts.append(Section(say("heading_balance"), 2, table=table("heading_balance", heads, alike)))
    warnings = tuple(warning[lang] for warning in found["warnings"])
    parts.append(Section(say("heading_method"), 2, said=found["method"][lang], items=(*warnings, say("limits"))))
    return parts


def _verdict(found: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    if found["refused"] is not None:
        return text("effect.lead_nothing", lang, reason=found["refused"][lang]), ""
    value, low, high = _shown(found["att"])
    certain = found["att"]["low"] > 0 or found["att"]["high"] < 0
    said = text("effect.lead_effect", lang, outcome=found["outcome"], value=value, low=low, high=high)
    return said, text("effect.certain" if certain else "effect.uncertain", lang)


def _shown(of: Mapping[str, float]) -> tuple[str, str, str]:
    return f"{of['value']:+.4g}", f"{of['low']:+.4g}", f"{of['high']:+.4g}"
