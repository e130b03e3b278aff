"""What pages of support programmes show, in the reader's language."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.decision.programme import GRADES, SCORES
from ktop.domain.work.job import ENDED, Job
from ktop.report import labels, numbers
from ktop.usecases.seasons.interface import (
    Appeal,
    Applicant,
    ApplicationCard,
    CallCard,
    ClauseText,
    Outcome,
    Problem,
    RuleCard,
    RulePreview,
    Standing,
)
from ktop.web import tables

_TONES = {"selected": "good", "eligible": "good", "refused": "bad", "unread": "bad", "ask": "warn", "reserve": "warn"}
_CALL_TONES = {"open": "good", "appeals": "warn"}


def words(lang: Lang) -> Any:
    """Return what tells a text of the rooms programmes_season and programmes."""
    return functools.partial(_say, lang=lang)


def _say(key: str, *, lang: Lang, **params: object) -> str:
    room = "programmes" if key.startswith(("decision_", "name_", "column_")) else "programmes_season"
    return text(f"{room}.{key}", lang, **params)


def problem_sentence(problem: Problem | None, lang: Lang) -> str:
    """Return what is wrong with a draft."""
    return "" if problem is None else text(problem.key, lang, **problem.params)


def rule_row(card: RuleCard, lang: Lang) -> dict[str, Any]:
    """Return a rule."""
    return {
        "id": card.id,
        "name": card.name[lang],
        "programme": card.programme or "–",
        "year": card.year or "–",
        "rule_version": card.rule_version or "–",
        "draft": card.state == "draft",
        "state": _say(f"rule_{card.state}", lang=lang),
        "version": card.version,
        "changed": numbers.moment(card.changed, lang),
        "wrong": card.problem is not None,
    }


def call_row(card: CallCard, lang: Lang) -> dict[str, Any]:
    """Return a call."""
    call = card.call
    return {
        "id": call.id,
        "rule": call.rule,
        "name": card.name[lang],
        "agency": card.agency[lang],
        "year": call.year,
        "state": call.state,
        "state_words": _say(f"state_{call.state}", lang=lang),
        "tone": _CALL_TONES.get(call.state, ""),
        "opens": numbers.day(call.opens, lang),
        "closes": numbers.day(call.closes, lang),
        "as_of": numbers.day(call.as_of, lang),
        "blind": call.blind,
        "round": call.round,
        "capacity": f"{card.capacity:,}" if card.capacity else text("programmes.unlimited", lang),
        "applications": f"{card.applications:,}",
        "appeals_open": card.appeals_open,
        "actions": list(card.actions),
        "version": call.version,
    }


def rule_columns(lang: Lang) -> list[tables.Column[RuleCard]]:
    """Return the columns of a list of rules."""
    column, say = tables.Column[RuleCard], words(lang)
    return [
        column(
            "programme",
            say("of_programme"),
            lambda one: one.name[lang],
            href=lambda one: f"/programmes/rules/{one.id}",
        ),
        column("year", say("of_year"), lambda one: one.year or None, "number", shown=lambda year: str(year or "–")),
        column("version", say("of_version"), lambda one: one.rule_version or None, "number"),
        column(
            "state",
            say("of_state"),
            lambda one: one.state,
            "choice",
            shown=lambda state: say(f"rule_{state}"),
            note=lambda one: say("has_errors") if one.problem else "",
            tone=lambda one: "warn" if one.problem else "",
        ),
        column("changed", say("of_changed"), lambda one: one.changed, "moment"),
    ]


def call_columns(lang: Lang) -> list[tables.Column[CallCard]]:
    """Return the columns of a list of calls."""
    column, say = tables.Column[CallCard], words(lang)
    return [
        column(
            "programme",
            say("of_programme"),
            lambda one: one.name[lang],
            href=lambda one: f"/programmes/calls/{one.call.id}",
        ),
        column("year", say("of_year"), lambda one: one.call.year, "number", shown=str),
        column(
            "state",
            say("of_state"),
            lambda one: one.call.state,
            "choice",
            shown=lambda state: say(f"state_{state}"),
            tone=lambda one: _CALL_TONES.get(one.call.state, ""),
        ),
        column("opens", say("of_opens"), lambda one: one.call.opens, "day"),
        column("closes", say("of_closes"), lambda one: one.call.closes, "day"),
        column("applications", say("of_applications"), lambda one: one.applications, "number"),
        column("appeals", say("of_appeals"), lambda one: one.appeals_open, "number"),
    ]


def application_columns(lang: Lang) -> list[tables.Column[ApplicationCard]]:
    """Return the columns of a company's own applications."""
    column, say = tables.Column[ApplicationCard], words(lang)
    return [
        column(
            "programme",
            say("of_programme"),
            lambda one: one.call.name[lang],
            href=lambda one: f"/programmes/applications/{one.applicant.id}",
            note=lambda one: str(one.applicant.number),
        ),
        column("agency", say("of_agency"), lambda one: one.call.agency[lang], "choice"),
        column(
            "state",
            say("of_state"),
            lambda one: application_row(one, lang)["state"],
            "choice",
            tone=lambda one: application_row(one, lang)["tone"],
        ),
        column("created", say("of_created"), lambda one: one.created, "moment"),
    ]


def applicant_row(one: Applicant, lang: Lang) -> dict[str, Any]:
    """Return a line of a ranked list."""
    outcome = one.outcome
    return {
        "id": one.id,
        "number": one.number,
        "name": labels.company(one.name, lang) or _say("number_only", lang=lang, number=one.number),
        "decision": _decision(outcome.decision if outcome else None, lang),
        "tone": _TONES.get(outcome.decision, "") if outcome else "",
        "rank": f"{outcome.rank:,}" if outcome and outcome.rank else "–",
        "points": "–" if outcome is None or outcome.points is None else f"{outcome.points:g}",
        "reasons": outcome.reasons[lang] if outcome else "",
        "conflict": one.conflict,
        "appealed": one.appealed,
    }


def application_row(card: ApplicationCard, lang: Lang) -> dict[str, Any]:
    """Return an application."""
    told = card.outcomes[-1].decision if card.outcomes else None
    gone = card.applicant.state != "applied"
    return applicant_row(card.applicant, lang) | {
        "call": card.call.name[lang],
        "agency": card.call.agency[lang],
        "state": _say("withdrawn", lang=lang)
        if gone
        else _decision(told, lang)
        if told
        else _say("handed_in", lang=lang),
        "created": numbers.moment(card.created, lang),
    }


def outcome_row(one: Outcome, lang: Lang) -> dict[str, Any]:
    """Return what became of an application in a round."""
    return {
        "round": one.round,
        "decision": _decision(one.decision, lang),
        "tone": _TONES.get(one.decision, ""),
        "points": "–" if one.points is None else f"{one.points:g}",
        "rank": one.rank or "–",
        "reasons": one.reasons[lang],
        "figures": [
            (text(f"programmes.name_{name}", lang), _figure(name, value)) for name, value in one.figures.items()
        ],
    }


def appeal_row(one: Appeal, lang: Lang) -> dict[str, Any]:
    """Return an appeal, the first result beside the second."""
    pairs = []
    if one.second is not None:
        for key in ("decision", "points", "reasons"):
            pairs.append((_say(f"of_{key}", lang=lang), _of(one.first, key, lang), _of(one.second, key, lang)))
        for name in sorted({*one.first.get("figures", {}), *one.second.get("figures", {})}):
            before, after = one.first.get("figures", {}).get(name), one.second["figures"].get(name)
            pairs.append((text(f"programmes.name_{name}", lang), _figure(name, before), _figure(name, after)))
    return {
        "id": one.id,
        "reason": one.reason,
        "corrected": one.corrected,
        "open": one.state == "open",
        "state": _say(f"appeal_{one.state}", lang=lang),
        "created": numbers.moment(one.created, lang),
        "decided_reason": one.decided_reason or "",
        "pairs": pairs,
    }


def preview_view(found: RulePreview, lang: Lang) -> dict[str, Any]:
    """Return what a rule would have done."""
    return {
        "rows": f"{found.rows:,}",
        "compared": found.compared_with,
        "decisions": [
            (_decision(name, lang), f"{count:,}")
            for name, count in sorted(found.decisions.items(), key=lambda x: -x[1])
        ],
        "clauses": [
            (one.label[lang], f"{one.passed:,}", f"{one.failed:,}", f"{one.unknown:,}", f"{one.failed_alone:,}")
            for one in found.clauses
        ],
        "moves": [
            (f"{_decision(old, lang)} → {_decision(new, lang)}", f"{count:,}")
            for (old, new), count in sorted(found.changed_count.items(), key=lambda x: -x[1])
        ],
        "changed": [(one.applicant, _decision(one.before, lang), _decision(one.now, lang)) for one in found.changed],
    }


#: Where a sentence of a rule names a figure of the company that it is said of.
_FIGURE = re.compile(r"\{[^{}]*\}")


def clause_row(one: ClauseText, lang: Lang, preview: RulePreview | None) -> dict[str, Any]:
    """Return a clause to read and edit, with how many it refused where the rule was tried."""
    counts = {count.clause: count for count in preview.clauses} if preview else {}
    tried = counts.get(one.id)
    looks_at = FACTS[one.looks_at].label[lang] if one.looks_at in FACTS else one.looks_at
    if one.looks_at in GRADES:
        looks_at = text(f"programmes.name_{one.looks_at}", lang)
    return {
        "id": one.id,
        "label": one.label[lang],
        "kind": one.kind,
        "condition": one.condition,
        "said": f"{looks_at}: {one.condition}" if one.looks_at else one.condition,
        "labels": dict(one.label),
        "reasons": dict(one.reason),
        "reason": _FIGURE.sub("…", one.reason[lang]),
        "missing": one.missing,
        "refused": f"{tried.failed:,}" if tried else "",
        "alone": f"{tried.failed_alone:,}" if tried else "",
    }


def standing_row(one: Standing, lang: Lang) -> dict[str, Any]:
    """Return where a company stands with a programme."""
    return {
        "name": one.name[lang],
        "agency": one.agency[lang],
        "call": one.call,
        "closes": numbers.day(one.closes, lang) if one.closes else "",
        "decision": _decision(one.decision, lang),
        "tone": _TONES.get(one.decision, ""),
        "points": "" if one.points is None else f"{one.points:g} / {one.most:g}",
        "clauses": [
            {
                "label": clause.label[lang],
                "met": clause.outcome == "passed",
                "reason": clause.reason[lang] if clause.reason else "",
                "remedies": [remedy[lang] for remedy in clause.remedies],
            }
            for clause in one.clauses
        ],
    }


def job_row(job: Job, lang: Lang) -> dict[str, Any]:
    """Return the ranking job of a call."""
    return {
        "id": job.id,
        "state": text(f"jobs.state_{job.state}", lang),
        "done": job.done,
        "of": job.of or 1,
        "progress": f"{job.done:,} / {job.of:,}" if job.of else "–",
        "ended": job.state in ENDED,
        "problem": text(job.problem["key"], lang, **job.problem["params"]) if job.problem else "",
    }


def facts_shown(facts: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """Return the facts that an application was handed in with, as people write them."""
    return [
        (FACTS[name].label[lang], labels.fact_value(name, facts[name], lang))
        for name in FACTS
        if facts.get(name) is not None
    ]


def _decision(name: str | None, lang: Lang) -> str:
    return text(f"programmes.decision_{name}", lang) if name else "–"


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name in GRADES or name not in SCORES:
        return str(value)
    return f"{100 * value:.1f}%" if "_p_" in name else f"{value:.1f}"


def _of(result: Mapping[str, Any], key: str, lang: Lang) -> str:
    value = result.get(key)
    if key == "decision":
        return _decision(value, lang)
    if key == "reasons":
        return str((value or {}).get(lang, "–"))
    return "–" if value is None else f"{value:g}"
