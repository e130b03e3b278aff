"""The report on a programme's effect, as one page of HTML, as PDF and as workbook, from the content of ``effect.json``.

The officer's report holds everything; that for the ministry what was found, for whom, and how far it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeAlias

from ktop.catalogue import Lang, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.values.region import regions
from ktop.report.charts import Banded, Table, intervals
from ktop.report.pdf import sections_pdf
from ktop.report.section_sheets import sections_xlsx
from ktop.report.validation import Section, sections_page

Reader: TypeAlias = Literal["officer", "ministry"]


def effect_page(found: Mapping[str, Any], lang: Lang, reader: Reader = "officer") -> str:
    """Return the report as HTML that refers to nothing outside itself; every name from the data is escaped."""
    return sections_page(_title(reader, lang), effect_sections(found, lang, reader), lang)


def effect_pdf(found: Mapping[str, Any], lang: Lang, day: date, reader: Reader = "officer") -> bytes:
    """Return the report of a day as PDF."""
    return sections_pdf(_title(reader, lang), effect_sections(found, lang, reader), lang, day)


def effect_xlsx(found: Mapping[str, Any], lang: Lang, reader: Reader = "officer") -> bytes:
    """Return the report as .xlsx, a sheet for each table."""
    return sections_xlsx(_title(reader, lang), effect_sections(found, lang, reader))


def effect_sections(found: Mapping[str, Any], lang: Lang, reader: Reader = "officer") -> list[Section]:
    """Return the report for its reader."""
    words = _Words(lang)
    parts = [_lead(found, words), _figures(found, words)]
    parts += [_group(name, values, words) for name, values in found.get("by", {}).items()]
    if reader == "officer":
        parts += [*_years(found, words), *_balance(found, words)]
    parts += [*_sensitivity(found, words), *_selection(found, words)]
    warnings = tuple(warning[lang] for warning in found["warnings"])
    parts.append(Section(words("heading_method"), 2, said=found["method"][lang], items=(*warnings, words("limits"))))
    return parts


def _title(reader: Reader, lang: Lang) -> str:
    return text("effect.title" if reader == "officer" else "effect.title_ministry", lang)


class _Words:
    """Texts of the report in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **params: Any) -> str:
        return text(f"effect.{key}", self.lang, **params)

    def table(self, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        return Table(caption, tuple(self(f"head_{head}") for head in heads), tuple(tuple(row) for row in rows))

    def banded(self, label: str, of: Mapping[str, float] | None, tone: str = "own") -> Banded:
        if of is None:
            return Banded(label, None, 0.0, 0.0, self("cannot_tell"))
        value, low, high = _shown(of)
        return Banded(label, of["value"], of["low"], of["high"], f"{value} ({low} ~ {high})", tone)

    def drawn(self, title: str, figures: Sequence[Banded]) -> dict[str, Any]:
        """Return the charts of a section: for a page or paper, and for a phone."""
        wide, narrow = (intervals(title, figures, self.lang, width=width) for width in (640, 330))
        return {"wide_chart": wide, "narrow_chart": narrow}


def _lead(found: Mapping[str, Any], words: _Words) -> Section:
    firms = {name: f"{count:,}" for name, count in found["firms"].items()}
    years = found["years"] or ["–", "–"]
    lines = [words("firms_said", first=years[0], last=years[1], **firms)]
    if found["refused"] is not None:
        said = words("lead_nothing", reason=found["refused"][words.lang])
    else:
        value, low, high = _shown(found["att"])
        certain = found["att"]["low"] > 0 or found["att"]["high"] < 0
        said = words("lead_effect", outcome=found["outcome"], value=value, low=low, high=high)
        lines.insert(0, words("certain" if certain else "uncertain"))
    return Section(said=said, notice=found["refused"] is not None, items=tuple(lines))


def _figures(found: Mapping[str, Any], words: _Words) -> Section:
    named = [(name, found[name]) for name in ("att", "matched", "naive") if found[name] is not None or name == "att"]
    heading = words("heading_figures")
    tones = {"att": "own", "matched": "soft", "naive": "bad"}
    return Section(
        heading,
        2,
        said=words("naive_warning"),
        **words.drawn(heading, [words.banded(words(f"figure_{name}"), of, tones[name]) for name, of in named]),
        table=words.table(
            heading,
            ("figure", "value", "low", "high"),
            [(words(f"figure_{name}"), *_shown(of)) for name, of in named],
        ),
    )


def _group(name: str, values: Sequence[Mapping[str, Any]], words: _Words) -> Section:
    heading = words("heading_by", name=words(f"by_{name}") if name in _KNOWN_GROUPS else name)
    rows = [
        (
            group_label(name, one["value"], words.lang),
            f"{one['supported']:,}",
            f"{one['others']:,}",
            *_shown(one["att"]),
            *_shown(one["naive"])[:1],
            one["refused"][words.lang] if one["refused"] else "",
        )
        for one in values
    ]
    heads = ("group", "supported", "others", "value", "low", "high", "naive", "why")
    figures = [words.banded(group_label(name, one["value"], words.lang), one["att"]) for one in values]
    table = words.table(heading, heads, rows)
    return Section(heading, 2, said=words("by_said"), table=table, **words.drawn(heading, figures))


_CELLS = {"size": "size", "industry": "industry_group", "industry_group": "industry_group"}
_KNOWN_GROUPS = ("programme", "region", "industry", "size")


def group_label(name: str, value: str, lang: Lang) -> str:
    """Return how a value of a column is called, as it stands where the catalogue does not know it."""
    known: Any = regions() if name == "region" else cell_labels(_CELLS[name]) if name in _CELLS else {}
    labels = known.get(value)
    return str(labels[lang]) if labels else value


def _years(found: Mapping[str, Any], words: _Words) -> list[Section]:
    if not found["by_event_time"]:
        return []
    heading, chance = words("heading_event"), found["pretrend"]
    said = []
    if chance["p"] is not None:
        said.append(words("pretrend_said", p=_chance(chance["p"])))
        value, low, high = _shown(chance["drift"])
        said.append(words("drift_said", value=value, low=low, high=high, p=_chance(chance["drift_p"])))
    figures = [
        words.banded(f"{one['year']:+d}", one, "own" if one["year"] >= 0 else "other") for one in found["by_event_time"]
    ]
    rows = [(f"{one['year']:+d}", *_shown(one)) for one in found["by_event_time"]]
    return [
        Section(
            heading,
            2,
            said=words("event_said"),
            items=tuple(said),
            table=words.table(heading, ("year", "value", "low", "high"), rows),
            **words.drawn(heading, figures),
        )
    ]


def _balance(found: Mapping[str, Any], words: _Words) -> list[Section]:
    if not found["balance"]:
        return []
    heading = words("heading_balance")
    alike = [(one["covariate"], f"{one['before']:+.2f}", f"{one['after']:+.2f}") for one in found["balance"]]
    table = words.table(heading, ("covariate", "before", "after"), alike)
    return [Section(heading, 2, said=words("balance_said"), table=table)]


def _sensitivity(found: Mapping[str, Any], words: _Words) -> list[Section]:
    of = found.get("sensitivity")
    if of is None or found["att"] is None:
        return []
    heading, rows = words("heading_sensitivity"), []
    for one in of["relative"]:
        rows.append((words("departs", times=f"{one['times']:g}"), f"{one['low']:+.4g}", f"{one['high']:+.4g}"))
    if of["straight"] is not None:
        low, high = of["straight"]
        rows.append((words("straight"), f"{low:+.4g}", f"{high:+.4g}"))
    key = "holds_not" if of["holds_to"] is None else "holds_to"
    held = words(key, times=f"{of['holds_to'] or 0:.1f}")
    return [
        Section(
            heading,
            2,
            said=held,
            items=(words("sensitivity_said"),),
            table=words.table(heading, ("if", "low", "high"), rows),
        )
    ]


def _selection(found: Mapping[str, Any], words: _Words) -> list[Section]:
    of = found.get("selection")
    if of is None:
        return []
    heading = words("heading_selection")

    def called(one: Mapping[str, Any]) -> str:
        said = words(f"way_{one['way']}")
        return said if one["way"] in ("actual", "lot") else f"{said}, {one['places']:,}"

    rows = [
        (called(one), f"{one['places']:,}", _interval(one["effect"]), _interval(one["gain"]), _interval(one["growth"]))
        for one in of["selections"]
    ]
    best = next(one for one in of["selections"] if one["way"] == "effect" and one["share"] == 1)
    gain = best["gain"]
    key = "more" if gain["low"] > 0 else "less" if gain["high"] < 0 else "unclear"
    actual = next(one for one in of["selections"] if one["way"] == "actual")
    said = words(
        f"selection_{key}", there=_interval(best["effect"]), now=_interval(actual["effect"]), gain=_interval(gain)
    )
    return [
        Section(
            heading,
            2,
            said=said,
            items=(
                words("selection_rests", firms=f"{of['firms']:,}", left_out=f"{of['left_out']:,}"),
                words("selection_growth"),
                words("selection_source"),
            ),
            **words.drawn(
                heading,
                [
                    words.banded(called(one), one["effect"], "other" if one["way"] in ("actual", "lot") else "own")
                    for one in of["selections"]
                ],
            ),
            table=words.table(heading, ("way", "places", "effect", "gain", "growth"), rows),
        )
    ]


def _chance(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def _interval(of: Mapping[str, float] | None) -> str:
    value, low, high = _shown(of)
    return value if of is None else f"{value} ({low} ~ {high})"


def _shown(of: Mapping[str, float] | None) -> tuple[str, str, str]:
    if of is None:
        return "–", "–", "–"
    return f"{of['value']:+.4g}", f"{of['low']:+.4g}", f"{of['high']:+.4g}"
