"""The validation report as one self-contained HTML page in Korean or English, from the content of ``metrics.json``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ktop.catalogue import Lang, messages, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.company.indicators import (
    abroad_checklist_items,
    accounts_ratios,
    checklist_items,
    global_expansion_items,
    ktrs_fm_items,
    startup_items,
    tech_index_indicators,
)
from ktop.domain.values.region import regions
from ktop.report.charts import Chart, Table
from ktop.report.charts.diagnostics import gaps, grade_rates, reliability, roc
from ktop.report.numbers import figure, percent

Figures = Mapping[str, Any]
#: An AUC or hit rate of fewer events (or non-events) is not shown: 1.000 of two firms says nothing.
_FEWEST_SHOWN = 5
#: A group chosen less often than this times the most chosen one is named (the four-fifths rule of 29 CFR 1607.4).
_FOUR_FIFTHS = 0.8
#: Inputs whose stability is shown without unfolding, the least stable first.
_FIRST_INPUTS = 8
_DASH = "–"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page, top to bottom: heading, sentences and list (framed as a notice or not), charts, table.

    ``narrow_chart`` stands for ``wide_chart`` on a phone. ``marked`` rows of the table stand out; ``folded`` is a
    second table that is shown on demand.
    """

    heading: str = ""
    level: int = 3
    said: str = ""
    notice: bool = False
    items: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    wide_chart: Chart | None = None
    narrow_chart: Chart | None = None
    table: Table | None = None
    marked: frozenset[int] = frozenset()
    folded: Table | None = None
    folded_marked: frozenset[int] = frozenset()


def render(metrics: Figures, lang: Lang) -> str:
    """Return the report as HTML; ``metrics`` is what ``validation_report`` gave or ``metrics.json`` holds.

    The page refers to nothing outside itself. Every name from the data is escaped.
    """
    say = Words(lang, metrics["model"].get("labels") or {})
    targets: Mapping[str, Figures] = metrics["targets"]
    parts = _about(metrics["model"], metrics["data"], say)
    if targets:
        parts.append(_summary(targets, say))
    for name, pack in targets.items():
        parts += _target(name, pack, say)
    if "robustness" in metrics:
        parts.append(Section(say("robustness"), 2, table=robustness_table(metrics["robustness"], say)))
    reading = tuple(say(f"reading_{key}") for key in ("auc", "interval", "slope", "grades", "psi"))
    parts.append(Section(say("reading"), 2, items=reading))
    title = say("title", model=_called(metrics["model"]))
    return sections_page(title, parts, lang)


def sections_page(title: str, parts: Sequence[Section], lang: Lang) -> str:
    """Return sections as one page of HTML that refers to nothing outside itself; every text is escaped."""
    return _environment().get_template("validation.html").render(lang=lang, title=title, parts=parts)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("ktop.report", "documents"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Words:
    """Texts of the report in one language, and labels of targets, groups and dimensions where the catalogue has them.

    ``labels`` are those of the model's own scheme (kind → name → language → label); they come first.
    """

    def __init__(self, lang: Lang, labels: Mapping[str, Any]) -> None:
        self.lang = lang
        self.labels = labels

    def __call__(self, key: str, **params: Any) -> str:
        return text(f"validation.{key}", self.lang, **params)

    def table(self, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], **params: Any) -> Table:
        """Return a table by the key of its caption and those of its columns' heads."""
        columns = tuple(self(f"head_{head}") for head in heads)
        return Table(self(caption, **params), columns, tuple(tuple(row) for row in rows))

    def named(self, kind: str, name: str) -> str:
        """Return the label of a target, dimension, figure or track; a name the catalogue lacks is shown as it is."""
        labels = self.labels.get(kind, {}).get(name) or messages().get(f"validation.{kind}_{name}")
        return str(labels[self.lang]) if labels else name

    def group(self, dimension: str, name: str) -> str:
        if dimension == "region":
            labels = regions().get(name)
        elif dimension in ("industry_group", "size", "age_band"):
            labels = cell_labels(dimension).get(name)
        else:
            labels = messages().get(f"validation.group_{dimension}_{name}")
        return labels[self.lang] if labels else name


def _figure(value: float | None, digits: int = 3) -> str:
    return figure(value, None, digits)


def _percent(value: float | None, digits: int = 2) -> str:
    return percent(value, None, digits)


def _signed(value: float | None, digits: int) -> str:
    return _DASH if value is None else f"{value:+.{digits}f}".replace("-", "−")


def _points(value: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign; the unit stands in the column's head."""
    return _signed(None if value is None else 100 * value, 2)


def _ranged(entry: Figures, shown: Callable[[float | None], str]) -> str:
    return f"{shown(entry['value'])} ({shown(entry['low'])}–{shown(entry['high'])})"


def _interval(row: Figures) -> str:
    return _DASH if row["low"] is None else f"{_percent(row['low'])}–{_percent(row['high'])}"


def _called(model: Figures) -> str:
    """Return a model's name and version; one that was trained and not entered has no version yet."""
    return str(model["name"]) if model["version"] in (None, "–") else f"{model['name']} {model['version']}"


def _about(model: Figures, data: Figures, say: Words) -> list[Section]:
    lines = [say("about", model=_called(model), data=data["name"], rows=data["rows"])]
    if data.get("years"):
        lines.append(say("years", first=min(data["years"]), last=max(data["years"])))
    if title := say.labels.get("title"):
        lines.insert(0, f"{title[say.lang]}.")
    if model.get("until"):
        lines.append(say("trained_until", year=model["until"]))
    if model.get("data_fingerprint"):
        lines.append(say("fingerprint", digest=model["data_fingerprint"]))
    parts = [Section(said=" ".join(lines))]
    if warned := model.get("data_warnings"):
        parts.append(Section(said=say("trained_with"), notice=True, items=tuple(one[say.lang] for one in warned)))
    if (last := data.get("trained_to")) is not None:
        parts.append(Section(said=say("trained_years", year=last, next=last + 1), notice=True))
    if data.get("synthetic") or model.get("trained_on") == "synthetic":
        parts.append(Section(said=say("synthetic_notice"), notice=True))
    return parts


def _summary(targets: Mapping[str, Figures], say: Words) -> Section:
    rows = []
    for name, pack in targets.items():
        order, line, steps = pack["discrimination"], pack["calibration"], pack.get("ladder")
        rows.append(
            [
                say.named("target", name),
                f"{pack['rows_used']:,}",
                _percent(pack["rate"]),
                _ranged(order["auc"], _figure),
                _figure(order["accuracy_ratio"]["value"]),
                _figure(order["ks"]["value"]),
                _figure(line["slope"], 2),
                _figure(line["ece"], 4),
                f"{steps['passing']}/{steps['tested']}" if steps else _DASH,
            ]
        )
    heads = ("target", "rows", "rate", "auc", "ar", "ks", "slope", "ece", "grades")
    return Section(say("summary"), 2, table=say.table("summary_caption", heads, rows))


def _target(name: str, pack: Figures, say: Words) -> list[Section]:
    label = say.named("target", name)
    counts = {
        "rows": pack["rows"],
        "used": pack["rows_used"],
        "unknown": pack["rows_without_outcome"],
        "unrated": pack["rows_without_prediction"],
        "events": pack["events"],
    }
    parts = [Section(label, 2, say("rows_said", **counts))]
    if not 0 < pack["events"] < pack["rows_used"]:
        parts.append(Section(said=say("one_class"), notice=True))
    elif pack.get("few_events"):
        others = pack["rows_used"] - pack["events"]
        parts.append(Section(said=say("few_events", events=pack["events"], others=others), notice=True))
    if "within" in pack:
        said = " ".join(power_sentences(pack["within"], say))
        parts.append(Section(say("within"), said=said, table=within_table(pack["within"], say)))
    parts.append(Section(charts=_charts(label, pack, say)))
    parts.append(_key_figures(pack, say))
    for key, section in _FURTHER.items():
        if key in pack:
            parts += section(pack[key], say)
    return parts


def _charts(label: str, pack: Figures, say: Words) -> tuple[Chart, ...]:
    curve, bins = pack["discrimination"]["roc"], pack["calibration"]["reliability"]
    charts = []
    if curve["false"]:
        charts.append(roc(say("roc_title", target=label), curve["false"], curve["true"], say.lang))
    if bins:
        charts.append(reliability(say("reliability_title", target=label), bins, say.lang))
    if "ladder" in pack:
        charts.append(grade_rates(say("grades_title", target=label), pack["ladder"]["grades"], say.lang))
    return tuple(charts)


def _key_figures(pack: Figures, say: Words) -> Section:
    order, line = pack["discrimination"], pack["calibration"]
    test = line["hosmer_lemeshow"]
    rows = [
        [say("figure_auc"), _ranged(order["auc"], _figure)],
        [say("figure_ar"), _ranged(order["accuracy_ratio"], _figure)],
        [say("figure_ks"), _ranged(order["ks"], _figure)],
        [say("figure_top", share=_percent(order["top_share"], 0)), _ranged(order["precision_at_top"], _percent)],
        [say("figure_brier"), _figure(line["brier"], 4)],
        [say("figure_skill"), _figure(line["brier_skill"])],
        [say("figure_slope"), f"{_figure(line['slope'])} ± {_figure(line['slope_error'])}"],
        [say("figure_large"), _figure(line["in_the_large"])],
        [say("figure_ece"), _figure(line["ece"], 4)],
        [say("figure_hl"), f"χ²({test['degrees']}) = {_figure(test['statistic'], 1)}, p = {_figure(test['p_value'])}"],
    ]
    return Section(say("figures"), table=say.table("figures_caption", ("figure", "value"), rows))


def _tracks(tracks: Mapping[str, Figures], say: Words) -> list[Section]:
    rows = [
        [say.named("track", track), _figure(one["auc"]), _figure(one["brier"], 4), _figure(one["slope"], 2)]
        for track, one in tracks.items()
    ]
    return [Section(say("tracks"), table=say.table("tracks_caption", ("track", "auc", "brier", "slope"), rows))]


def _ladder(steps: Figures, say: Words) -> list[Section]:
    rows = [
        [
            row["grade"],
            f"{row['n']:,}",
            _percent(row["share"], 1),
            f"{row['events']:,}",
            _percent(row["rate"]),
            _interval(row),
            _percent(row["predicted"]),
            _figure(row["p_value"]),
        ]
        for row in steps["grades"]
    ]
    said = [say("ladder_passing", passing=steps["passing"], tested=steps["tested"])]
    if steps["strict"]:
        said.append(say("ladder_strict"))
    elif steps["inversions"]:
        significant = len(steps["significant_inversions"])
        said.append(say("ladder_inversions", pairs=_pairs(steps["inversions"]), significant=significant))
    else:
        said.append(say("ladder_level"))
    if steps["chance_of_strict_order"] is not None:
        said.append(say("ladder_chance", chance=_percent(steps["chance_of_strict_order"], 0)))
    if steps.get("hardly_tested"):
        said.append(say("ladder_hardly_tested", grades=", ".join(steps["hardly_tested"])))
    heads = ("grade", "n", "share", "events", "rate", "interval", "predicted", "p_value")
    marked = frozenset(k for k, row in enumerate(steps["grades"]) if row["passes"] is False)
    return [Section(say("ladder"), said=" ".join(said), table=say.table("ladder_caption", heads, rows), marked=marked)]


def _pairs(inversions: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"{better}–{worse}" for better, worse in inversions)


def _published(bands: Figures, say: Words) -> list[Section]:
    rows = [
        [
            row["band"],
            f"{row['firms']:,}",
            f"{row['events']:,}",
            _percent(row["rate"]),
            _interval(row),
            _percent(row["published"]),
        ]
        for row in bands["rows"]
    ]
    pairs = _pairs(bands["inversions"])
    said = say("published_inversions", pairs=pairs) if pairs else say("published_in_order")
    note = say("published_note", source=bands["label"][say.lang])
    heads = ("band", "n", "events", "rate", "interval", "published")
    return [Section(say("published"), said=f"{said} {note}", table=say.table("published_caption", heads, rows))]


def _migration(moved: Figures, say: Words) -> list[Section]:
    shares = {key: _percent(moved[key], 1) for key in ("same", "within_one", "up", "down")}
    rows = []
    for symbol, counts in zip(moved["symbols"], moved["counts"], strict=True):
        total = sum(counts)
        cells = (_DASH if not total else _percent(count / total, 0) if count else "" for count in counts)
        rows.append((symbol, *cells, f"{total:,}"))
    heads = (say("head_from"), *moved["symbols"], say("head_n"))
    table = Table(say("migration_caption"), heads, tuple(rows))
    return [Section(say("migration"), said=say("migration_said", pairs=moved["pairs"], **shares), table=table)]


def _periods(periods: Sequence[Figures], say: Words) -> list[Section]:
    rows = [
        [
            str(row["period"]),
            f"{row['n']:,}",
            f"{row['events']:,}",
            _percent(row["rate"]),
            _percent(row["predicted"]),
            _figure(row["auc"]),
        ]
        for row in periods
    ]
    heads = ("period", "n", "events", "rate", "predicted", "auc")
    return [Section(say("periods"), table=say.table("periods_caption", heads, rows))]


def _stability(drift: Figures, say: Words) -> list[Section]:
    items = (*tech_index_indicators(), *ktrs_fm_items(), *startup_items(), *checklist_items(), *accounts_ratios())
    items += (*global_expansion_items(), *abroad_checklist_items())
    labels = {item.id: item.labels for item in items}
    entries = [(say("prediction"), drift["psi"])] if "psi" in drift else []
    for name, entry in sorted(drift.get("csi", {}).items(), key=lambda item: -(item[1]["value"] or 0.0)):
        entries.append((labels[name][say.lang] if name in labels else say.named("input", name), entry))
    rows = [(label, _figure(entry["value"]), say(f"verdict_{entry['verdict']}")) for label, entry in entries]
    shifted = [k for k, (_, entry) in enumerate(entries) if entry["verdict"] == "shifted"]
    caption = say(f"stability_caption_{drift.get('against', 'given')}", year=drift.get("split"))
    heads, first = (say("head_input"), "PSI / CSI", say("head_verdict")), _FIRST_INPUTS + 1
    rest = tuple(rows[first:])
    return [
        Section(
            say("stability"),
            table=Table(caption, heads, tuple(rows[:first])),
            marked=frozenset(shifted),
            folded=Table(say("more_inputs", n=len(rest)), heads, rest) if rest else None,
            folded_marked=frozenset(k - first for k in shifted),
        )
    ]


def _fairness(fair: Figures, say: Words) -> list[Section]:
    key = "selected_highest" if fair["highest"] else "selected_lowest"
    which = say(key, share=_percent(fair["selection_share"], 0))
    parts = [Section(say("fairness"), said=f"{which} {say('fairness_reading')}")]
    heads = ("group", "n", "rate", "predicted", "gap", "auc", "selected", "hit", "impact")
    for dimension, entry in fair["dimensions"].items():
        groups = [(say.group(dimension, row["group"]), row) for row in entry["groups"]]
        rows = []
        for label, row in groups:
            few = min(row["events"], row["n"] - row["events"]) < _FEWEST_SHOWN
            rows.append(
                [
                    label + (" *" if row["few"] else ""),
                    f"{row['n']:,}",
                    _percent(row["rate"]),
                    _percent(row["predicted"]),
                    f"{_points(row['gap'])} ({_points(row['gap_low'])} ~ {_points(row['gap_high'])})",
                    _DASH if few else _figure(row["auc"]),
                    _percent(row["selected"], 1),
                    _DASH if few else _percent(row["hit_rate"], 1),
                    _figure(row["impact"], 2),
                ]
            )
        off = (k for k, (_, row) in enumerate(groups) if not row["few"] and (row["gap_low"] > 0 or row["gap_high"] < 0))
        table = say.table("fairness_caption", heads, rows, dimension=say.named("dimension", dimension))
        chart = gaps(f"{table.caption}: {say('head_gap')}", groups, say.lang)
        parts.append(Section(wide_chart=chart, table=table, marked=frozenset(off)))
        seldom = [label for label, row in groups if not row["few"] and (row["impact"] or 0) < _FOUR_FIFTHS]
        if seldom:
            parts.append(Section(said=say("impact_said", groups=", ".join(seldom))))
    return parts


#: Further parts of a target, in their order on the page, by the key of the pack that holds their figures.
_FURTHER: Mapping[str, Callable[[Any, Words], list[Section]]] = {
    "tracks": _tracks,
    "ladder": _ladder,
    "published": _published,
    "migration": _migration,
    "periods": _periods,
    "stability": _stability,
    "fairness": _fairness,
}


# --- models that rank within groups and rate texts --------------------------------------------------------------------


def within_table(ranking: Figures, say: Words) -> Table:
    """Return ranking within groups: AUC, precision at the top, and how far the score is ahead of its rivals.

    Below the score and its rivals stands the forecast with its own, on the years that can be forecast.
    """
    rows = []
    for part in ("rows", "forecast"):
        for number, (name, row) in enumerate(ranking[part].items()):
            label = say.named("ranked", name)
            if name == "best_single":
                label = say("ranked_best_single", measure=ranking["best_single"])
            elif part == "forecast" and number:
                label = say("ranked_same_years", name=label)
            ends = [_signed(row["less"][key], 3) for key in ("value", "low", "high")]
            ahead = _DASH if number == 0 else f"{ends[0]} ({ends[1]} ~ {ends[2]})"
            areas = (_ranged(row[key], _figure) for key in ("auc", "auc_in_field"))
            rows.append((label, *areas, _ranged(row["precision"], _percent), ahead))
    precision = say("head_precision", share=_percent(ranking["top_share"], 0))
    heads = (say("head_ranked"), say("head_auc"), say("head_auc_in_field"), precision, say("head_ahead"))
    return Table(say("within_caption"), heads, tuple(rows))


def power_sentences(ranking: Figures, say: Words) -> list[str]:
    """Return what the number of events can and cannot tell."""
    power = ranking["power"]
    said = [say("within_events", events=ranking["events"], rate=_percent(ranking["rate"]))]
    if ranking["forecast_events"]:
        said.append(say("within_forecast", events=ranking["forecast_events"]))
    if power["events_for_aim"] is not None:
        said.append(say("power_aim", aim=power["aim"], rival=power["rival"], needed=power["events_for_aim"]))
    if power["events_for_found"] is not None:
        area = ranking["rows"]["score"]["auc"]["value"]
        said.append(say("power_found", area=area, rival=power["rival"], needed=power["events_for_found"]))
    else:
        said.append(say("power_behind"))
    return said


def robustness_table(changes: Figures, say: Words) -> Table:
    """Return how far scores and grades move under changes that leave the technology what it is."""
    rows = [
        [
            say.named("change", row["change"]),
            f"{row['n']:,}",
            _percent(row["same"], 0),
            _percent(row["within_one"], 0),
            _figure(row["mean"], 1),
            _figure(row["high"], 1),
            _signed(row["raised"], 1),
        ]
        for row in changes["rows"]
    ]
    heads = ("change", "n", "same", "within_one", "moved", "moved_high", "raised")
    return say.table("robustness_caption", heads, rows)
