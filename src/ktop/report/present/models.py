"""Model cards, the log of versions and drift reports as shown: tables and charts with every word in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ktop.catalogue import Lang, messages, text
from ktop.report import labels, numbers
from ktop.report.charts import Chart, Table, bars
from ktop.report.present.common import score_label
from ktop.report.present.drift_advice import drift_advice
from ktop.report.present.views import Figure

Json = Mapping[str, Any]

_TONES = {"stable": "good", "watch": "warn", "shifted": "bad", "unknown": ""}
#: Classes of things drift is measured on, in the order they are read.
_KINDS = ("scores", "probabilities", "grades", "labels")
#: Inputs shown without unfolding.
_FIRST_INPUTS = 10
#: An account's identifier, and how many of its letters are shown.
_ACCOUNT, _SHOWN = re.compile("[0-9a-f]{32}"), 12


def _say(key: str, lang: Lang, **params: Any) -> str:
    return text(f"lifecycle.{key}", lang, **params)


def model_title(name: str, lang: Lang) -> str:
    """Return the words of a model; one the catalogue lacks is called by its name."""
    key = f"report.model_{name.replace('-', '_')}"
    return text(key, lang) if key in messages() else name


def trained_on(card: Json, lang: Lang) -> str:
    """Return what a version was trained on; the synthetic population is called so."""
    data = str(card.get("trained_on", "–"))
    return text("web.synthetic", lang) if data == "synthetic" else data


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in the list: where its page is, what it is, whether it is in force, and the last drift verdict."""

    name: str
    version: str
    title: str
    trained_on: str
    origin: str
    in_force: str
    drift: str
    tone: str


def in_reading_order(cards: Sequence[Json]) -> list[Json]:
    """Return cards, given oldest first: those in force, then the others by model, the newest before its elders."""
    order = list(dict.fromkeys(card["name"] for card in cards))
    places = {id(card): place for place, card in enumerate(cards)}
    return sorted(cards, key=lambda card: (not card.get("champion"), order.index(card["name"]), -places[id(card)]))


def version_rows(cards: Sequence[Json], reports: Sequence[Json], lang: Lang) -> tuple[VersionRow, ...]:
    """Return every version as a row, in reading order."""
    verdicts = {(r["model"]["name"], r["model"]["version"]): r["verdict"] for r in reports}
    rows = []
    for card in in_reading_order(cards):
        verdict = verdicts.get((card["name"], card["version"]))
        rows.append(
            VersionRow(
                card["name"],
                card["version"],
                model_title(card["name"], lang),
                trained_on(card, lang),
                _say(f"origin_{card.get('origin', 'released')}", lang),
                _say("in_force", lang) if card.get("champion") else "–",
                _say(f"drift_{verdict}", lang) if verdict else _say("drift_not_measured", lang),
                _TONES.get(verdict or "unknown", ""),
            )
        )
    return tuple(rows)


def log_table(events: Sequence[Json], lang: Lang) -> Table:
    """Return who entered, promoted or rolled back what, when and why, the newest first."""
    rows = []
    for event in reversed(events):
        change = event["version"] if event["action"] == "add" else f"{event['previous'] or '–'} → {event['version']}"
        verdict = event["evidence"].get("verdict")
        rows.append(
            (
                numbers.moment(datetime.fromisoformat(event["at"]), lang),
                _who(event["by"]),
                f"{event['name']}: {_say('action_' + event['action'], lang)}",
                change,
                event["why"],
                _say(f"verdict_{verdict}", lang) if verdict else "–",
            )
        )
    heads = ("col_when", "col_who", "col_what", "col_version", "col_why", "col_verdict")
    return Table(_say("log_title", lang), tuple(_say(head, lang) for head in heads), tuple(rows))


def _who(by: str) -> str:
    """Return who decided: a name given at a terminal, or an account as far as the audit trail shows it."""
    return f"{by[:_SHOWN]}…" if _ACCOUNT.fullmatch(by) else by


@dataclass(frozen=True, slots=True)
class CardView:
    """A model card as shown.

    ``facts`` tell what it is and what it was trained on, ``targets`` how it does on firms it never saw, ``grades`` one
    chart of event rates per ladder (its table has firms and shares), ``formulas`` every input with its formula.
    """

    title: str
    version: str
    in_force: bool
    synthetic: bool
    facts: tuple[Figure, ...]
    targets: Table | None
    grades: tuple[tuple[Chart, Table], ...]
    formulas: Table | None


def card_view(card: Json, lang: Lang) -> CardView:
    """Return one model card as shown; parts a card does not have are left out."""
    outside = card.get("out_of_sample") or {}
    ladders = {name: rows for name, rows in (outside.get("grades") or {}).items() if _has_rates(rows)}
    return CardView(
        title=model_title(card["name"], lang),
        version=card["version"],
        in_force=bool(card.get("champion")),
        synthetic=card.get("trained_on") == "synthetic",
        facts=_facts(card, lang),
        targets=_targets(outside.get("targets") or {}, lang),
        grades=tuple(_grades(name, rows, lang) for name, rows in ladders.items()),
        formulas=_formulas(card, lang),
    )


def _facts(card: Json, lang: Lang) -> tuple[Figure, ...]:
    population = card.get("training_population") or {}
    rows = [part.get("rows", 0) for part in (card.get("training") or {}).values()]
    facts = [
        Figure(_say("fact_state", lang), _say("in_force" if card.get("champion") else "not_in_force", lang)),
        Figure(_say("col_origin", lang), _say(f"origin_{card.get('origin', 'released')}", lang)),
        Figure(_say("fact_trained_on", lang), trained_on(card, lang)),
    ]
    if rows:
        facts.append(Figure(_say("fact_rows", lang), numbers.figure(max(rows), lang, 0)))
    if "seed" in population:
        words = [f"seed {population['seed']}"]
        words += [f"generator {population['generator_version']}"] if "generator_version" in population else []
        facts.append(Figure(_say("fact_population", lang), ", ".join(words)))
    for key in ("data_fingerprint", "sha256"):
        if card.get(key):
            facts.append(Figure(_say(f"fact_{key}", lang), str(card[key])))
    return tuple(facts)


def _targets(targets: Json, lang: Lang) -> Table | None:
    if not targets:
        return None
    tracks = list(dict.fromkeys(name for part in targets.values() for name in part["auc"] if name.startswith("track_")))
    several = any(sum(name.startswith("track_") for name in part["auc"]) > 1 for part in targets.values())
    rows = []
    for target, part in targets.items():
        own = [name for name in part["auc"] if several and name.startswith("track_")]
        rows.append(
            (
                labels.word("target", target, lang),
                numbers.figure(part["firms"], lang, 0),
                numbers.percent(part["event_rate"], lang, 2),
                numbers.percent(part["mean_probability"], lang, 2),
                f"{part['calibration_slope']:.2f}",
                f"{part['auc']['p_' + target]:.3f}",
                *(f"{part['auc'][name]:.3f}" for name in own),
            )
        )
    heads = [_say(key, lang) for key in ("col_target", "col_firms", "col_observed", "col_predicted", "col_slope")]
    heads.append("AUC")
    if several:
        ids = dict.fromkeys(name.removeprefix("track_").split("_")[0] for name in tracks)
        heads += [f"AUC {labels.word('track', name, lang)}" for name in ids]
    return Table(_say("targets_title", lang), tuple(heads), tuple(rows))


def _has_rates(rows: Sequence[Json]) -> bool:
    return any(row.get("event_rate") is not None for row in rows)


def _grades(name: str, rows: Sequence[Json], lang: Lang) -> tuple[Chart, Table]:
    title = _say(f"grades_{name}", lang) if f"lifecycle.grades_{name}" in messages() else name
    shown = [(row["grade"], None if row.get("event_rate") is None else 100 * row["event_rate"]) for row in rows]
    chart = bars(title, shown, lang, digits=2, unit="%")
    cells = tuple(
        (
            row["grade"],
            numbers.figure(row.get("firms"), lang, 0),
            numbers.percent(row["share"], lang),
            numbers.percent(row.get("event_rate"), lang, 2),
        )
        for row in rows
    )
    heads = (_say("col_grades", lang), *(_say(key, lang) for key in ("col_firms", "col_share", "col_observed")))
    return chart, Table(title, heads, cells)


def _formulas(card: Json, lang: Lang) -> Table | None:
    features = card.get("features") or ()
    name = card["name"]
    rows = tuple(
        (labels.indicator(name, f["name"], lang), labels.group(name, f["group"], lang), f["formula"]) for f in features
    )
    heads = tuple(_say(key, lang) for key in ("col_input", "col_group", "col_formula"))
    return Table(_say("formulas_title", lang), heads, rows) if rows else None


@dataclass(frozen=True, slots=True)
class DriftView:
    """A drift report as shown: verdict, what to do, tables of what was measured, companies per month, earlier ones."""

    verdict: str
    tone: str
    said: str
    advice: tuple[str, ...]
    indices: Table
    inputs: Table
    more_inputs: Table | None
    calibration: Table | None
    volume: Chart | None
    past: Table | None


def drift_view(report: Json, lang: Lang) -> DriftView:
    """Return a drift report as shown."""
    name = report["model"]["name"]
    when = numbers.moment(datetime.fromisoformat(report["at"]), lang)
    source = _say(f"source_{report['source']['kind']}", lang, name=report["source"]["name"])
    heads = tuple(_say(key, lang) for key in ("col_measured", "col_index", "col_chance", "col_verdict"))
    rows = [
        (f"{_say('kind_' + kind, lang)}: {_named(kind, name, key, lang)}", *_cells(part, lang))
        for kind in _KINDS
        for key, part in report[kind].items()
    ]
    inputs = [
        (labels.indicator(name, key, lang), *_cells(part, lang), _missing(part, lang))
        for key, part in sorted(report["features"].items(), key=lambda item: -(item[1]["value"] or 0.0))
    ]
    input_heads = (_say("kind_features", lang), *heads[1:], _say("col_missing", lang))
    inputs_title = _say("inputs_title", lang)
    rest = inputs[_FIRST_INPUTS:]
    return DriftView(
        verdict=_say(f"drift_{report['verdict']}", lang),
        tone=_TONES[report["verdict"]],
        said=_say("drift_said", lang, when=when, rows=f"{report['rows']:,}", source=source),
        advice=drift_advice(report, lang),
        indices=Table(_say("indices_title", lang), heads, tuple(rows)),
        inputs=Table(inputs_title, input_heads, tuple(inputs[:_FIRST_INPUTS])),
        more_inputs=Table(_say("more_inputs_title", lang, n=len(rest)), input_heads, tuple(rest)) if rest else None,
        calibration=_calibration(report["calibration"], lang),
        volume=_volume(report["volume"]["months"], lang),
        past=_past(report.get("past") or (), lang),
    )


def _named(kind: str, model: str, key: str, lang: Lang) -> str:
    if kind == "scores":
        return score_label({"model": {"name": model}}, key, lang)
    if kind == "probabilities":
        return labels.word("target", key, lang)
    return labels.word("grade", key, lang) if kind == "grades" else labels.fact(key, lang)


def _cells(part: Json, lang: Lang) -> tuple[str, str, str]:
    value, chance = ("–" if part[key] is None else f"{part[key]:.3f}" for key in ("value", "chance"))
    return value, chance, _say(f"drift_{part['verdict']}", lang)


def _missing(part: Json, lang: Lang) -> str:
    return f"{numbers.percent(part['missing_before'], lang)} → {numbers.percent(part['missing_now'], lang)}"


def _calibration(parts: Json, lang: Lang) -> Table | None:
    rows = tuple(
        (
            labels.word("target", target, lang),
            numbers.figure(part["known"], lang, 0),
            numbers.percent(part["rate"], lang, 2),
            numbers.percent(part["predicted"], lang, 2),
            "–" if part["p_value"] is None else "< .001" if part["p_value"] < 0.001 else f"{part['p_value']:.3f}",
            _say(f"drift_{part['verdict']}", lang),
        )
        for target, part in parts.items()
    )
    heads = [_say(key, lang) for key in ("col_target", "col_known", "col_observed", "col_predicted")]
    return Table(_say("calibration_title", lang), (*heads, "p", _say("col_verdict", lang)), rows) if rows else None


def _volume(months: Sequence[Json], lang: Lang) -> Chart | None:
    if len(months) < 2:
        return None
    return bars(_say("volume_title", lang), [(m["month"], float(m["companies"])) for m in months[-12:]], lang)


def _past(reports: Sequence[Json], lang: Lang) -> Table | None:
    if len(reports) < 2:
        return None
    rows = []
    for report in reversed(reports):
        values = [part["value"] for part in report["scores"].values() if part["value"] is not None]
        when = numbers.moment(datetime.fromisoformat(report["at"]), lang)
        largest = f"{max(values):.3f}" if values else "–"
        rows.append((when, f"{report['rows']:,}", largest, _say(f"drift_{report['verdict']}", lang)))
    heads = tuple(_say(key, lang) for key in ("col_when", "col_companies", "col_largest_index", "col_verdict"))
    return Table(_say("past_title", lang), heads, tuple(rows))


def recomputed_sentence(answer: Json, lang: Lang) -> str:
    """Return what computing a kept rating again found, in one sentence."""
    named = {"model": model_title(answer["model"], lang), "version": answer["version"]}
    if answer["status"] == "differs":
        first = answer["differences"][0]
        return _say("differs", lang, **named, count=len(answer["differences"]), **first)
    if answer["status"] == "skipped":
        return _say(f"skipped_{answer['reason']}", lang, **named)
    return _say("identical_reworded" if answer.get("reworded") else answer["status"], lang, **named)
