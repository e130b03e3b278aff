"""The validation report as one self-contained HTML page in Korean or English, from the content of ``metrics.json``."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, messages, text
from ktop.domain.company.classification import cell_labels
from ktop.domain.company.indicators import checklist_items, ktrs_fm_items, startup_items, tech_index_indicators
from ktop.domain.values.region import regions
from ktop.validation import pictures, sections
from ktop.validation.fairness import FOUR_FIFTHS

Figures = Mapping[str, Any]
#: An AUC or hit rate of fewer events (or non-events) is not shown: 1.000 of two firms says nothing.
_FEWEST_SHOWN = 5

_STYLE = """
body{margin:0 auto;max-width:1080px;padding:32px 24px;color:#1e2124;background:#fff;word-break:keep-all;
font:400 16px/1.6 "Pretendard GOV",Pretendard,"Apple SD Gothic Neo","Malgun Gothic","Noto Sans KR","K-TOP Sans",
sans-serif}
h1{font-size:28px;margin:0 0 8px}h2{font-size:22px;margin:40px 0 8px;border-bottom:2px solid #1e2124}
h3{font-size:17px;margin:24px 0 8px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:#58616a;padding:4px 0}
th,td{border-bottom:1px solid #cdd1d5;padding:5px 8px;text-align:right}th{background:#f4f5f6}
th[scope=row],th:first-child{text-align:left;position:sticky;left:0}
.scroll,figure.wide{overflow-x:auto}
.notice{background:#fff3db;border:1px solid #c78500;border-radius:8px;padding:12px 16px}
.pictures{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0;flex:1 1 320px;max-width:400px}
svg{width:100%;height:auto}figure.wide{max-width:720px;margin:12px 0 4px}
figcaption{font-size:14px;color:#58616a}.bad{color:#bd2c0f;font-weight:700}
@media (max-width:600px){body{padding:20px 14px}h1{font-size:23px}h2{font-size:20px}td,th{white-space:nowrap}
th[scope=row]{white-space:normal;min-width:96px;max-width:150px}}
@media print{body{max-width:none;padding:0;font-size:10.5pt}table{font-size:8.5pt}td,th{padding:3px 5px}
th[scope=row],th:first-child{position:static}.scroll,figure.wide{overflow:visible}figure,tr,.notice{break-inside:avoid}h2,h3,caption{break-after:avoid}
figure{max-width:31%}figure.wide{max-width:15cm}figure.wide svg{min-width:0!important}
details::details-content{content-visibility:visible;display:block}summary{display:none}}
@page{size:A4;margin:15mm}
"""


def render(metrics: Figures, lang: Lang) -> str:
    """Return the report as HTML; ``metrics`` is what ``validation_report`` gave or ``metrics.json`` holds.

    The page refers to nothing outside itself. Every name from the data is escaped.
    """
    model, data = metrics["model"], metrics["data"]
    say = _Words(lang, model.get("labels") or {})
    title = say("title", model=_called(model))
    parts = [f"<h1>{_safe(title)}</h1>", _about(model, data, say)]
    targets: Mapping[str, Figures] = metrics["targets"]
    if targets:
        parts.append(_summary(targets, say))
    for name, pack in targets.items():
        parts.append(_target(name, pack, say))
    if "robustness" in metrics:
        heads, rows = sections.robustness_rows(metrics["robustness"], say, lambda name: say.named("change", name))
        parts.append(f"<h2>{_safe(say('robustness'))}</h2>" + _table(say("robustness_caption"), heads, rows))
    parts.append(_reading(say))
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(title)}</title><style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


class _Words:
    """Texts of this room in one language, and labels of targets, groups and dimensions where the catalogue has them.

    ``labels`` are those of the model's own scheme (kind → name → language → label); they come first.
    """

    def __init__(self, lang: Lang, labels: Mapping[str, Any]) -> None:
        self.lang = lang
        self.labels = labels

    def __call__(self, key: str, **params: Any) -> str:
        return text(f"validation.{key}", self.lang, **params)

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


def _safe(value: object) -> str:
    return html.escape(str(value), quote=True)


def _figure(value: float | None, decimals: int = 3) -> str:
    return "–" if value is None else f"{value:.{decimals}f}".replace("-", "−")


def _percent(value: float | None, decimals: int = 2) -> str:
    return "–" if value is None else f"{100 * value:.{decimals}f}%"


def _points(value: float | None) -> str:
    """Return a difference of two shares in percentage points, with its sign; the unit stands in the column's head."""
    return "–" if value is None else f"{100 * value:+.2f}".replace("-", "−")


def _ranged(entry: Figures, shown: Callable[[float | None], str]) -> str:
    return f"{shown(entry['value'])} ({shown(entry['low'])}–{shown(entry['high'])})"


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], marked: Sequence[bool] = ()) -> str:
    """Return a table whose first column names the row; cells are escaped here. ``marked`` rows stand out."""
    top = "".join(f'<th scope="col">{_safe(head)}</th>' for head in heads)
    body = []
    for index, (name, *cells) in enumerate(rows):
        style = ' class="bad"' if index < len(marked) and marked[index] else ""
        row_cells = "".join(f"<td{style}>{_safe(cell)}</td>" for cell in cells)
        body.append(f'<tr><th scope="row"{style}>{_safe(name)}</th>{row_cells}</tr>')
    return (
        f'<div class="scroll"><table><caption>{_safe(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _called(model: Figures) -> str:
    """Return a model's name and version; one that was trained and not entered has no version yet."""
    return str(model["name"]) if model["version"] in (None, "–") else f"{model['name']} {model['version']}"


def _about(model: Figures, data: Figures, say: _Words) -> str:
    lines = [say("about", model=_called(model), data=data["name"], rows=data["rows"])]
    if data.get("years"):
        years = data["years"]
        lines.append(say("years", first=min(years), last=max(years)))
    if title := say.labels.get("title"):
        lines.insert(0, f"{title[say.lang]}.")
    if model.get("until"):
        lines.append(say("trained_until", year=model["until"]))
    if model.get("data_fingerprint"):
        lines.append(say("fingerprint", digest=model["data_fingerprint"]))
    parts = [f"<p>{_safe(' '.join(lines))}</p>"]
    if warned := model.get("data_warnings"):
        items = "".join(f"<li>{_safe(warning[say.lang])}</li>" for warning in warned)
        parts.append(f'<div class="notice" role="note"><p>{_safe(say("trained_with"))}</p><ul>{items}</ul></div>')
    if data.get("trained_to") is not None:
        said = say("trained_years", year=data["trained_to"], next=data["trained_to"] + 1)
        parts.append(f'<p class="notice" role="note">{_safe(said)}</p>')
    if data.get("synthetic") or model.get("trained_on") == "synthetic":
        parts.append(f'<p class="notice" role="note">{_safe(say("synthetic_notice"))}</p>')
    return "".join(parts)


def _summary(targets: Mapping[str, Figures], say: _Words) -> str:
    heads = [say(f"head_{key}") for key in ("target", "rows", "rate", "auc", "ar", "ks", "slope", "ece", "grades")]
    rows = []
    for name, pack in targets.items():
        found, line = pack["discrimination"], pack["calibration"]
        steps = pack.get("ladder")
        rows.append(
            [
                say.named("target", name),
                f"{pack['rows_used']:,}",
                _percent(pack["rate"]),
                _ranged(found["auc"], _figure),
                _figure(found["accuracy_ratio"]["value"]),
                _figure(found["ks"]["value"]),
                _figure(line["slope"], 2),
                _figure(line["ece"], 4),
                f"{steps['passing']}/{steps['tested']}" if steps else "–",
            ]
        )
    return f"<h2>{_safe(say('summary'))}</h2>" + _table(say("summary_caption"), heads, rows)


def _target(name: str, pack: Figures, say: _Words) -> str:
    label = say.named("target", name)
    parts = [f"<h2>{_safe(label)}</h2>"]
    said = say(
        "rows_said",
        rows=pack["rows"],
        used=pack["rows_used"],
        unknown=pack["rows_without_outcome"],
        unrated=pack["rows_without_prediction"],
        events=pack["events"],
    )
    parts.append(f"<p>{_safe(said)}</p>")
    if not 0 < pack["events"] < pack["rows_used"]:
        parts.append(f'<p class="notice" role="note">{_safe(say("one_class"))}</p>')
    elif pack.get("few_events"):
        said = say("few_events", events=pack["events"], others=pack["rows_used"] - pack["events"])
        parts.append(f'<p class="notice" role="note">{_safe(said)}</p>')
    if "within" in pack:
        parts.append(_within(pack["within"], say))
    parts.append(_pictures(label, pack, say))
    parts.append(_key_figures(pack, say))
    if "tracks" in pack:
        heads = [say("head_track"), say("head_auc"), "Brier", say("head_slope")]
        rows = [
            [say.named("track", track), _figure(f["auc"]), _figure(f["brier"], 4), _figure(f["slope"], 2)]
            for track, f in pack["tracks"].items()
        ]
        parts.append(f"<h3>{_safe(say('tracks'))}</h3>" + _table(say("tracks_caption"), heads, rows))
    if "ladder" in pack:
        parts.append(_ladder(pack["ladder"], say))
    if "published" in pack:
        parts.append(_published(pack["published"], say))
    if "migration" in pack:
        parts.append(_migration(pack["migration"], say))
    if "periods" in pack:
        parts.append(_periods(pack["periods"], say))
    if "stability" in pack:
        parts.append(_stability(pack["stability"], say))
    if "fairness" in pack:
        parts.append(_fairness(pack["fairness"], say))
    return "".join(parts)


def _within(found: Figures, say: _Words) -> str:
    heads, rows = sections.within_rows(found, say, lambda name: say.named("ranked", name))
    said = " ".join(sections.power_sentences(found, say))
    return f"<h3>{_safe(say('within'))}</h3><p>{_safe(said)}</p>" + _table(say("within_caption"), heads, rows)


def _pictures(label: str, pack: Figures, say: _Words) -> str:
    curve, bins = pack["discrimination"]["roc"], pack["calibration"]["reliability"]
    drawn: list[tuple[str, str]] = []
    if curve["false"]:
        title = say("roc_title", target=label)
        words = {"title": title, "x": say("false_rate"), "y": say("true_rate")}
        drawn.append((pictures.roc(curve["false"], curve["true"], words), title))
    if bins:
        title = say("reliability_title", target=label)
        words = {"title": title, "x": say("predicted"), "y": say("observed")}
        drawn.append((pictures.reliability(bins, words), title))
    if "ladder" in pack:
        title = say("grades_title", target=label)
        words = {"title": title, "x": say("head_grade"), "y": say("observed")}
        drawn.append((pictures.grade_rates(pack["ladder"]["grades"], words), title))
    figures = (f"<figure>{svg}<figcaption>{_safe(words)}</figcaption></figure>" for svg, words in drawn)
    return f'<div class="pictures">{"".join(figures)}</div>'


def _key_figures(pack: Figures, say: _Words) -> str:
    found, line = pack["discrimination"], pack["calibration"]
    test = line["hosmer_lemeshow"]
    rows = [
        [say("figure_auc"), _ranged(found["auc"], _figure)],
        [say("figure_ar"), _ranged(found["accuracy_ratio"], _figure)],
        [say("figure_ks"), _ranged(found["ks"], _figure)],
        [say("figure_top", share=_percent(found["top_share"], 0)), _ranged(found["precision_at_top"], _percent)],
        [say("figure_brier"), _figure(line["brier"], 4)],
        [say("figure_skill"), _figure(line["brier_skill"])],
        [say("figure_slope"), f"{_figure(line['slope'], 3)} ± {_figure(line['slope_error'], 3)}"],
        [say("figure_large"), _figure(line["in_the_large"], 3)],
        [say("figure_ece"), _figure(line["ece"], 4)],
        [say("figure_hl"), f"χ²({test['degrees']}) = {_figure(test['statistic'], 1)}, p = {_figure(test['p_value'])}"],
    ]
    heads = [say("head_figure"), say("head_value")]
    return f"<h3>{_safe(say('figures'))}</h3>" + _table(say("figures_caption"), heads, rows)


def _ladder(steps: Figures, say: _Words) -> str:
    heads = [say(f"head_{k}") for k in ("grade", "n", "share", "events", "rate", "interval", "predicted", "p_value")]
    rows, marked = [], []
    for row in steps["grades"]:
        interval = "–" if row["low"] is None else f"{_percent(row['low'])}–{_percent(row['high'])}"
        rows.append(
            [
                row["grade"],
                f"{row['n']:,}",
                _percent(row["share"], 1),
                f"{row['events']:,}",
                _percent(row["rate"]),
                interval,
                _percent(row["predicted"]),
                _figure(row["p_value"]),
            ]
        )
        marked.append(row["passes"] is False)
    said = [say("ladder_passing", passing=steps["passing"], tested=steps["tested"])]
    if steps["strict"]:
        said.append(say("ladder_strict"))
    elif steps["inversions"]:
        pairs = ", ".join(f"{better}–{worse}" for better, worse in steps["inversions"])
        said.append(say("ladder_inversions", pairs=pairs, significant=len(steps["significant_inversions"])))
    else:
        said.append(say("ladder_level"))
    if steps["chance_of_strict_order"] is not None:
        said.append(say("ladder_chance", chance=_percent(steps["chance_of_strict_order"], 0)))
    if steps.get("hardly_tested"):
        said.append(say("ladder_hardly_tested", grades=", ".join(steps["hardly_tested"])))
    table = _table(say("ladder_caption"), heads, rows, marked)
    return f"<h3>{_safe(say('ladder'))}</h3><p>{_safe(' '.join(said))}</p>{table}"


def _published(table: Figures, say: _Words) -> str:
    heads = [say(f"head_{key}") for key in ("band", "n", "events", "rate", "interval", "published")]
    rows = [
        [
            row["band"],
            f"{row['firms']:,}",
            f"{row['events']:,}",
            _percent(row["rate"]),
            "–" if row["low"] is None else f"{_percent(row['low'])}–{_percent(row['high'])}",
            _percent(row["published"]),
        ]
        for row in table["rows"]
    ]
    pairs = ", ".join(f"{better}–{worse}" for better, worse in table["inversions"])
    said = say("published_inversions", pairs=pairs) if pairs else say("published_in_order")
    note = say("published_note", source=table["label"][say.lang])
    return f"<h3>{_safe(say('published'))}</h3><p>{_safe(said)} {_safe(note)}</p>" + _table(
        say("published_caption"), heads, rows
    )


def _migration(moved: Figures, say: _Words) -> str:
    said = say(
        "migration_said",
        pairs=moved["pairs"],
        **{key: _percent(moved[key], 1) for key in ("same", "within_one", "up", "down")},
    )
    heads = [say("head_from"), *moved["symbols"], say("head_n")]
    rows = []
    for symbol, counts in zip(moved["symbols"], moved["counts"], strict=True):
        total = sum(counts)
        shares = ["–" if not total else _percent(count / total, 0) if count else "" for count in counts]
        rows.append([symbol, *shares, f"{total:,}"])
    title = f"<h3>{_safe(say('migration'))}</h3>"
    return f"{title}<p>{_safe(said)}</p>{_table(say('migration_caption'), heads, rows)}"


def _periods(periods: Sequence[Figures], say: _Words) -> str:
    heads = [say(f"head_{key}") for key in ("period", "n", "events", "rate", "predicted", "auc")]
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
    return f"<h3>{_safe(say('periods'))}</h3>" + _table(say("periods_caption"), heads, rows)


#: Inputs whose stability is shown without unfolding, the least stable first.
_FIRST_INPUTS = 8


def _stability(drift: Figures, say: _Words) -> str:
    labels = {item.id: item.labels for item in (*tech_index_indicators(), *ktrs_fm_items(), *startup_items())}
    labels |= {item.id: item.labels for item in checklist_items()}
    rows, marked = [], []
    if "psi" in drift:
        rows.append([say("prediction"), _figure(drift["psi"]["value"]), say(f"verdict_{drift['psi']['verdict']}")])
        marked.append(drift["psi"]["verdict"] == "shifted")
    for name, entry in sorted(drift.get("csi", {}).items(), key=lambda item: -(item[1]["value"] or 0.0)):
        label = labels[name][say.lang] if name in labels else say.named("input", name)
        rows.append([label, _figure(entry["value"]), say(f"verdict_{entry['verdict']}")])
        marked.append(entry["verdict"] == "shifted")
    heads = [say("head_input"), "PSI / CSI", say("head_verdict")]
    caption = say(f"stability_caption_{drift.get('against', 'given')}", year=drift.get("split"))
    first, rest = rows[: _FIRST_INPUTS + 1], rows[_FIRST_INPUTS + 1 :]
    table = _table(caption, heads, first, marked)
    if rest:
        title = say("more_inputs", n=len(rest))
        more = _table(title, heads, rest, marked[_FIRST_INPUTS + 1 :])
        table += f"<details><summary>{_safe(title)}</summary>{more}</details>"
    return f"<h3>{_safe(say('stability'))}</h3>{table}"


def _fairness(fair: Figures, say: _Words) -> str:
    heads = [say(f"head_{k}") for k in ("group", "n", "rate", "predicted", "gap", "auc", "selected", "hit", "impact")]
    which = say(
        "selected_highest" if fair["highest"] else "selected_lowest", share=_percent(fair["selection_share"], 0)
    )
    parts = [f"<h3>{_safe(say('fairness'))}</h3><p>{_safe(which)} {_safe(say('fairness_reading'))}</p>"]
    for dimension, entry in fair["dimensions"].items():
        rows, marked = [], []
        for row in entry["groups"]:
            few = min(row["events"], row["n"] - row["events"]) < _FEWEST_SHOWN
            gap = f"{_points(row['gap'])} ({_points(row['gap_low'])} ~ {_points(row['gap_high'])})"
            rows.append(
                [
                    say.group(dimension, row["group"]) + (" *" if row["few"] else ""),
                    f"{row['n']:,}",
                    _percent(row["rate"]),
                    _percent(row["predicted"]),
                    gap,
                    "–" if few else _figure(row["auc"]),
                    _percent(row["selected"], 1),
                    "–" if few else _percent(row["hit_rate"], 1),
                    _figure(row["impact"], 2),
                ]
            )
            marked.append(not row["few"] and (row["gap_low"] > 0 or row["gap_high"] < 0))
        caption = say("fairness_caption", dimension=say.named("dimension", dimension))
        words = {"title": f"{caption}: {say('head_gap')}", "x": say("gap_axis")}
        shown = [{**row, "label": say.group(dimension, row["group"])} for row in entry["groups"]]
        parts.append(f'<figure class="wide">{pictures.gaps(shown, words)}</figure>')
        parts.append(_table(caption, heads, rows, marked))
        seldom = [row for row in entry["groups"] if not row["few"] and (row["impact"] or 0) < FOUR_FIFTHS]
        if seldom:
            named = ", ".join(say.group(dimension, row["group"]) for row in seldom)
            parts.append(f"<p>{_safe(say('impact_said', groups=named))}</p>")
    return "".join(parts)


def _reading(say: _Words) -> str:
    items = "".join(f"<li>{_safe(say(f'reading_{key}'))}</li>" for key in ("auc", "interval", "slope", "grades", "psi"))
    return f"<h2>{_safe(say('reading'))}</h2><ul>{items}</ul>"
