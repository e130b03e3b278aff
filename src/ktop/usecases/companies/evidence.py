"""Rates companies as declared and on evidence: a model's grades, held by how far the firm's own word may lift them.

The model says how a firm with these values stands, the rule (``ktop.domain.decision.evidence``) which values count.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.evidence import (
    STATUSES,
    EvidenceRule,
    Uniform,
    checklist_facts,
    evidence_rule,
    left_out_on_evidence,
    statuses_of,
    without,
    without_contradicted,
)
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import Denied, check
from ktop.domain.rating.grades import business_matrix, ladder
from ktop.domain.rating.rating import Basis, Input, Opinion, Rating, Warning
from ktop.models.batch import BatchRatings
from ktop.models.company_model import CompanyModel
from ktop.models.growth_risk import GrowthRiskModel
from ktop.models.next_steps import StepEffects

#: Who may say what stands behind a value.
REVIEW = "own:rating:review"
#: Sentences that look ahead: what the rating stands on is told before them.
_LOOKING_AHEAD = frozenset({"advice", "caution"})
_Answer = Mapping[str, Any]
#: Of the three rows of a company (0 as declared, 1 on evidence, 2 by its own values without its answers): those without
#: declared answers, and the one on evidence.
_NOT_FIRST, _ON_EVIDENCE = np.array([False, True, True]), np.array([False, True, False])


#: Returns the paths of a record's sources whose values the actor's organisation has got from public sources.
Backed = Callable[[Actor, Mapping[str, Any]], Collection[str]]


def accepted_subject(
    actor: Actor, record: Mapping[str, Any], as_of: date, backed: Backed = lambda actor, record: ()
) -> RatedSubject:
    """Read a record as of a day; see ``RatedSubject.of``.

    What a record says stands behind its values counts only where somebody says it who may review ratings, or where a
    public source was asked and says the same (``backed``): a firm that marks its own answers as evidenced still gives
    its word. Other marks are left out, and a warning says so.
    """
    subject = RatedSubject.of(record, as_of)
    if all(entry.status is None for entry in subject.inputs) or not isinstance(check(actor, REVIEW), Denied):
        return subject
    proved = set(backed(actor, record))
    marks = [one for one in record.get("sources") or () if isinstance(one, Mapping)]
    held = [one if one.get("path") in proved and one.get("status") == "evidenced" else _unmarked(one) for one in marks]
    subject = RatedSubject.of({**record, "sources": held, "source_status": None}, as_of)
    refused = record.get("source_status") or any(one.get("status") for one in marks if one not in held)
    if not refused:
        return subject
    told = Warning("marks_not_accepted", {lang: text("evidence.warn_marks_not_accepted", lang) for lang in LANGS})
    return dataclasses.replace(subject, warnings=(*subject.warnings, told))


def _unmarked(source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name != "status"}


def rate_on_evidence(
    model: CompanyModel,
    table: FactTable,
    inputs: Sequence[Input],
    previous: Mapping[str, str] | None = None,
    rule: str | None = None,
    effects: StepEffects | None = None,
) -> Rating:
    """Rate the one company of a table with ``basis`` and ``details.evidence`` (docs/formats.md).

    ``inputs`` say what stands behind each value. Contradicted answers are not counted; the grades stand at most the
    rule's notches above those on evidence. ``rule`` is its version (None: the one in force); raises ``KeyError`` for a
    version that never was, ``InputError`` as ``CompanyModel.rate_row`` does. ``effects`` is filled, unless answers are
    set aside: a step then does something else to the company as it says it is.
    """
    force = evidence_rule(rule)
    statuses = statuses_of(inputs)
    asked = _asked(model)
    entries = [entry for entry in force.contradictions if asked & set(entry.answers)]
    found = [entry for entry, holds in zip(entries, force.contradicted(table, entries)[0], strict=True) if holds]
    set_aside = {name for entry in found for name in entry.answers if statuses.get(name) != "confirmed"}
    left_out = tuple(name for name in left_out_on_evidence(inputs) if _is_used(model, name))
    compared: BatchRatings | None = None
    if left_out or set_aside:  # else all three are the rating itself
        three = table.take(np.zeros(3, dtype=np.int64))
        three = without(three, {*set_aside, *asked.intersection(left_out)}, _NOT_FIRST)
        compared = model.rate_table(without(three, left_out, _ON_EVIDENCE), contributions=False)
    held: dict[str, dict[str, str]] = {}
    rating = model.rate_row(
        without(table, set_aside),
        inputs,
        previous,
        hold=_hold(model, compared if left_out else None, force, set_aside, held),
        effects=None if set_aside else effects,
    )
    if compared is None:
        declared: dict[str, Any] | None = _answer_of(rating)
        on_evidence = declared
    else:
        declared, on_evidence = _answer(compared, 0), _answer(compared, 1)
    used = {name: status for name, status in statuses.items() if _is_used(model, name)}
    basis: Basis = "declared" if "declared" in used.values() else "evidence"
    uniform = force.uniform(table, 0) if asked else None
    told = [
        {
            "id": entry.id,
            "answers": list(entry.answers),
            "counted": not set(entry.answers) & set_aside,
            "text": dict(entry.told(table, 0)),
        }
        for entry in found
    ]
    details = {
        "rule": force.version,
        "note": {lang: text("evidence.reconstruction", lang, version=force.version) for lang in LANGS},
        "counts": {
            kind: {status: sum(one == status for one in chosen.values()) for status in STATUSES}
            for kind, chosen in (
                ("answers", {n: s for n, s in used.items() if n in asked}),
                ("values", {n: s for n, s in used.items() if n not in asked}),
            )
        },
        "left_out": sorted(left_out),
        "declared": declared,
        "evidence": on_evidence,
        "most_notches": dict(force.most_notches),
        "held": held,
        "contradictions": told,
        "uniform": None if uniform is None else dataclasses.asdict(uniform),
    }
    return dataclasses.replace(
        rating,
        basis=basis,
        opinions=_with_basis(rating.opinions, basis, details),
        warnings=(*rating.warnings, *_warnings(force, held, told, uniform)),
        details={"evidence": details, **rating.details},
    )


def rate_table_on_evidence(model: CompanyModel, table: FactTable) -> BatchRatings:
    """Rate a table whose values are all declared, as batches are.

    Adds the columns ``basis``, ``evidence_grade_<ladder>`` (None where the firm answered nothing: there is then no
    difference) and ``contradictions`` (how many, NaN where the model asks no questions).
    """
    asked = sorted(_asked(model))
    if not asked:
        return _with_columns(model.rate_table(table, contributions=False), {})
    force = evidence_rule()
    found = force.contradicted(table)
    ratings = model.rate_table(without_contradicted(table, force, found), contributions=False)
    count = found[:, [bool(set(entry.answers) & set(asked)) for entry in force.contradictions]].sum(axis=1)
    columns: dict[str, Any] = {"contradictions": count.astype(np.float64)}
    answered = ~np.isnan(np.stack([table.columns[name] for name in asked])).all(axis=0)
    grades = {name: np.full(table.n, None, dtype=object) for name in force.most_notches if name in ratings.grades}
    rows = np.flatnonzero(answered & ratings.ok)
    if len(rows):
        backed = model.rate_table(without(table.take(rows), asked), contributions=False)
        for name, column in grades.items():
            column[rows] = backed.grades[name]
        floors = {name: np.zeros(table.n, dtype=np.int64) for name in grades}
        for name, floor in floors.items():
            floor[rows] = force.floors(name, list(backed.grades[name]))
        ratings = _capped(model, ratings, floors)
    return _with_columns(ratings, {**columns, **{f"evidence_grade_{name}": column for name, column in grades.items()}})


def _with_columns(ratings: BatchRatings, columns: Mapping[str, Any]) -> BatchRatings:
    basis = np.full(ratings.n, "declared", dtype=object)
    return dataclasses.replace(ratings, columns={**ratings.columns, "basis": basis, **columns})


def contradictions_said(models: Sequence[CompanyModel], table: FactTable, lang: Lang) -> list[str | None]:
    """Return for each row which answers that one of the models asks for are contradicted, in words."""
    force = evidence_rule()
    asked = {name for model in models for name in _asked(model)}
    entries = [(k, entry) for k, entry in enumerate(force.contradictions) if asked & set(entry.answers)]
    found = force.contradicted(table)
    return [
        " ".join(entry.told(table, row)[lang] for k, entry in entries if found[row, k]) or None
        for row in range(table.n)
    ]


def _asked(model: CompanyModel) -> set[str]:
    """Return the checklist's answers that a model looks at."""
    return set(checklist_facts()) & model.facts_weighed


def _is_used(model: CompanyModel, fact: str) -> bool:
    return fact in FACTS and fact in model.facts_weighed


def _answer(batch: BatchRatings, row: int) -> dict[str, Any] | None:
    """Return what a model says of one row as JSON types, None where it cannot rate it."""
    if not batch.ok[row]:
        return None
    probabilities = {target: batch.probability(target, row) for target in batch.targets_of(row)}
    return {
        "scores": {name: batch.score(name, row) for name in batch.scores},
        "grades": {name: str(symbols[row]) for name, symbols in batch.grades.items()},
        "probabilities": {name: dataclasses.asdict(p) for name, p in probabilities.items()},
    }


def _answer_of(rating: Rating) -> dict[str, Any]:
    probabilities = {name: dataclasses.asdict(p) for name, p in rating.probabilities.items()}
    return {"scores": dict(rating.scores), "grades": dict(rating.grades), "probabilities": probabilities}


def _hold(
    model: CompanyModel,
    compared: BatchRatings | None,
    rule: EvidenceRule,
    set_aside: set[str],
    held: dict[str, dict[str, str]],
) -> Callable[[BatchRatings], BatchRatings]:
    """Return what the rule makes of a rated company's grades; ``held`` is filled with those it lowers.

    ``compared`` has the result on evidence in row 1, that of the firm's own values in row 2; None where no declared
    value is left out, so that none lifts.
    """

    def hold(batch: BatchRatings) -> BatchRatings:
        batch = dataclasses.replace(batch, details={**batch.details, "set_aside": frozenset(set_aside)})
        names = [name for name in rule.most_notches if name in batch.grades]
        if compared is None or not names:
            return batch
        held_by = [1, 2] if rule.own_values_hold and compared.ok[2] else [1]
        floors = {
            name: np.full(batch.n, max(rule.floors(name, _grades_of(compared, name, held_by))), dtype=np.int64)
            for name in names
        }
        capped = _capped(model, batch, floors)
        for name in names:
            before, after = str(batch.grades[name][0]), str(capped.grades[name][0])
            if before != after:
                held[name] = {"from": before, "to": after}
        return capped

    return hold


def _grades_of(batch: BatchRatings, name: str, rows: Sequence[int]) -> list[str | None]:
    return [str(batch.grades[name][row]) if batch.ok[row] else None for row in rows]


def _capped(model: CompanyModel, batch: BatchRatings, floors: Mapping[str, Any]) -> BatchRatings:
    """Return ratings whose grades are no better than the floors (positions, 0 = best), the joined grade following."""
    places = {
        name: np.array([-1 if s is None else ladder(name).index(s) for s in batch.grades[name]], dtype=np.int64)
        for name in floors
    }
    for name, floor in floors.items():
        places[name] = np.where(places[name] < 0, -1, np.maximum(places[name], floor))
    if isinstance(model, GrowthRiskModel) and {"growth", "risk", "business"} <= places.keys():
        joined = business_matrix(model.matrix).indexes(places["growth"], places["risk"])
        places["business"] = np.where(places["business"] < 0, -1, np.maximum(places["business"], joined))
    symbols = {name: np.array([*ladder(name).symbols, None], dtype=object)[place] for name, place in places.items()}
    return dataclasses.replace(batch, grades={**batch.grades, **symbols})


def _with_basis(opinions: Sequence[Opinion], basis: str, details: _Answer) -> tuple[Opinion, ...]:
    spoken = []
    for lang in LANGS:
        counts = details["counts"]
        if basis == "evidence":
            both = {status: counts["answers"][status] + counts["values"][status] for status in STATUSES}
            said = text("evidence.basis_evidence", lang, **both)
        elif sum(counts["answers"].values()):
            said = text("evidence.basis_declared", lang, **counts["answers"])
        else:
            said = text("evidence.basis_declared_values", lang, **counts["values"])
        if details["declared"] != details["evidence"]:
            two = {kind: _in_words(details[kind], lang) for kind in ("declared", "evidence")}
            said += " " + text("evidence.two_results", lang, **two)
        spoken.append(Opinion(lang, said, ("details.evidence",), "summary"))
    kinds = [opinion.kind in _LOOKING_AHEAD for opinion in opinions]
    place = kinds.index(True) if any(kinds) else len(kinds)
    return (*opinions[:place], *spoken, *opinions[place:])


def _in_words(answer: _Answer | None, lang: Lang) -> str:
    """Return grades, else the main score, as a sentence names them."""
    if answer is None:
        return text("evidence.nothing_evidenced", lang)
    if answer["grades"]:
        return ", ".join(f"{_label(name, lang)} {grade}" for name, grade in answer["grades"].items())
    name, score = next(iter(answer["scores"].items()))
    return f"{text(f'evidence.score_{name}', lang)} {score:.1f}"


def _label(name: str, lang: Lang) -> str:
    labels = ladder(name).labels or {}
    return labels[lang] if lang == "ko" else labels[lang].lower()


def _warnings(
    rule: EvidenceRule, held: Mapping[str, Mapping[str, str]], told: Sequence[_Answer], uniform: Uniform | None
) -> list[Warning]:
    found: list[Warning] = []
    if held:
        found.append(
            Warning(
                "declared_held",
                {
                    lang: text(
                        "evidence.warn_declared_held",
                        lang,
                        **rule.most_notches,
                        held=", ".join(
                            text(
                                "evidence.held",
                                lang,
                                ladder=_label(name, lang),
                                from_grade=change["from"],
                                to_grade=change["to"],
                            )
                            for name, change in held.items()
                        ),
                    )
                    for lang in LANGS
                },
            )
        )
    if told:
        words = {
            lang: text(
                "evidence.warn_contradictions",
                lang,
                texts=" ".join(entry["text"][lang] for entry in told),
                counted=" ".join(
                    text(f"evidence.{key}", lang)
                    for key, says in (("not_counted", False), ("counted_confirmed", True))
                    if any(entry["counted"] is says for entry in told)
                ),
            )
            for lang in LANGS
        }
        found.append(Warning("contradictions", words))
    if uniform is not None:
        words = {lang: text("evidence.warn_uniform", lang, **dataclasses.asdict(uniform)) for lang in LANGS}
        found.append(Warning("uniform_answers", words))
    return found
