"""A result tells one story: varied companies are rated and shown, and nothing on their pages contradicts the rest.

Five hundred subjects, each rated once and shown once in each language (30 s of processor time);
``KTOP_SUBJECTS=40 ./test tests/usecases/rate/test_one_story.py`` for fewer, or more.
"""

from __future__ import annotations

import copy
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from ktop.catalogue import LANGS, Lang
from ktop.domain.company.facts import AMOUNTS
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.rating.grades import ladders
from ktop.kernel.errors import KtopError
from ktop.models.registry import ModelRegistry
from ktop.report import numbers
from ktop.report.present import report_view
from ktop.report.present.grade_meanings import band
from ktop.report.present.guarantee import guarantee_view
from ktop.report.present.verdict import deciding, known_items
from ktop.report.present.views import ReportView, Verdict
from ktop.usecases.companies.evidence import rate_on_evidence
from ktop.usecases.companies.examples import example_records
from ktop.usecases.companies.rating import company_models, models_for, rate_by

DAY = date(2026, 6, 30)
SUBJECTS = int(os.environ.get("KTOP_SUBJECTS", "500"))
MODELS = ModelRegistry()
_AMOUNTS = [f"{stem}_t{back}" for _, stem, years in AMOUNTS for back in range(years)]


def varied(seed: int) -> dict[str, Any]:
    """Return an example company with values scaled, left out, typed without a statement, or answered anew."""
    chance = random.Random(seed)
    records = list(example_records().values())
    record = copy.deepcopy(records[seed % len(records)])
    for statement in record.get("statements") or ():
        for name, value in list(statement.items()):
            if isinstance(value, int | float) and name not in ("year", "months"):
                statement[name] = round(value * chance.choice((0.2, 0.7, 1.0, 1.0, 1.6)))
                if chance.random() < 0.15:
                    del statement[name]
    if chance.random() < 0.35:
        record.pop("statements", None)
        if chance.random() < 0.7:
            chosen = chance.sample(_AMOUNTS, chance.randint(1, len(_AMOUNTS)))
            record["facts"] = {name: float(chance.randint(1, 900)) * 1e7 for name in chosen}
    for key in ("certifications", "ip", "rnd_projects", "commercialisations", "staff"):
        if chance.random() < 0.2:
            record.pop(key, None)
    answers = record.get("checklist") or {}
    for question in list(answers):
        if chance.random() < 0.3:
            answers[question] = chance.randint(1, 5)
        elif chance.random() < 0.1:
            del answers[question]
    if chance.random() < 0.4:
        record["founded"] = date(chance.randint(2005, 2026), chance.randint(1, 6), 15).isoformat()
    return record


def results() -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """Yield the ratings of the subjects that can be rated, by their seeds."""
    for seed in range(SUBJECTS):
        try:
            subject = RatedSubject.of(varied(seed), DAY)
            chosen = company_models(models_for(subject), MODELS)
            ratings = [rate_on_evidence(model, subject.table, subject.inputs) for model in chosen]
        except KtopError:
            continue
        told = tuple(subject.warnings)
        yield seed, [{**one, "warnings": [*one["warnings"], *_json(told)]} for one in (r.to_json() for r in ratings)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of one subject: its verdict, every name with its value, the models whose limit is reckoned."""

    verdict: Verdict
    named: tuple[tuple[str, str], ...]
    reckoned: frozenset[str]


def _shown(view: ReportView) -> Shown:
    assert view.verdict is not None
    named = [(row.label, row.value) for group in view.inputs for row in group.rows]
    for rating in view.ratings:
        named += [(cells[0], cells[2]) for part in rating.breakdowns for cells in part.table.rows[1:-1]]
    reckoned = {one.model for one in view.ratings if one.guarantee and one.guarantee.arithmetic is not None}
    return Shown(view.verdict, tuple(named), frozenset(reckoned))


def _json(warnings: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [{"code": one.code, "text": dict(one.text)} for one in warnings]


@pytest.fixture(scope="module")
def rated() -> list[tuple[int, list[Mapping[str, Any]]]]:
    found = list(results())
    assert len(found) >= 0.7 * SUBJECTS
    return found


@pytest.fixture(scope="module")
def shown(rated: list[Any]) -> dict[Lang, list[Shown]]:
    """Return what pages say of the subjects, in their order: shown once, for all tests."""
    return {lang: [_shown(report_view(ratings, lang, medium="text")) for _, ratings in rated] for lang in LANGS}


def test_nothing_is_called_missing_that_was_given(rated: list[Any]) -> None:
    kinds = set()
    for seed, ratings in rated:
        facts = {entry["name"]: entry["value"] for rating in ratings for entry in rating["inputs"]}
        given = [name for name in _AMOUNTS if facts.get(name) is not None]
        codes = {warning["code"] for rating in ratings for warning in rating["warnings"]}
        kinds |= codes & {"statement_none", "statement_totals"}
        assert not ("statement_none" in codes and given), seed
        for rating in ratings:
            counts = {kind: (known, everything) for kind, known, everything in known_items(rating)}
            known, everything = counts["items"]
            for warning in rating["warnings"]:
                if warning["code"] == "missing":
                    said = [int(n) for n in re.findall(r"\d+", warning["text"]["en"])[:2]]
                    assert said[0] <= everything - known and said[1] == everything, seed
    assert kinds == {"statement_none", "statement_totals"}, "both cases are looked at"


def test_above_and_below_are_said_of_what_is_above_and_below(rated: list[Any]) -> None:
    looked = 0
    for seed, ratings in rated:
        for rating in ratings:
            for opinion in rating["opinions"]:
                target = next((b.split(".")[1] for b in opinion["basis"] if b.startswith("probabilities.")), None)
                if opinion["lang"] != "en" or target is None or "peer_rates" not in rating["details"]:
                    continue
                value = rating["probabilities"][target]["value"]
                ratio = value / rating["details"]["peer_rates"][target]
                assert numbers.percent(value, "en") in opinion["text"], (seed, opinion["text"])
                assert ("above the" in opinion["text"]) == (ratio >= 1.1), (seed, ratio, opinion["text"])
                assert ("below the" in opinion["text"]) == (ratio < 0.9), (seed, ratio, opinion["text"])
                looked += 1
    assert looked > SUBJECTS


@pytest.mark.parametrize("lang", LANGS)
def test_the_verdict_says_what_the_ratings_say(rated: list[Any], shown: dict[Lang, list[Shown]], lang: Lang) -> None:
    for (seed, ratings), page in zip(rated, shown[lang], strict=True):
        verdict, of = page.verdict, deciding(ratings)
        if "business" in of["grades"]:
            grade = of["grades"]["business"]
            assert verdict.figure.value == grade
            held = (of["details"]["evidence"] or {}).get("held") or {}
            for name, change in held.items():
                assert change["to"] == of["grades"][name], seed
                assert any(f"{change['from']} → {change['to']}" in sentence for sentence in verdict.sure), seed
            if verdict.relied:
                for target in ("high_growth", "failure"):
                    assert numbers.percent(of["probabilities"][target]["value"], lang) in verdict.meaning, seed
            ladder = ladders()["business"]
            words = next(table for table in verdict.meanings if len(table.rows) == len(ladder.symbols))
            place = ladder.symbols.index(grade)
            assert words.rows[place][0] == grade
            assert (band(ladder, grade) in ("top", "good")) == (place < 0.4 * len(ladder.symbols)), seed
        decided = of["details"].get("guarantee")
        if decided and decided["status"] != "refused":
            assert verdict.model in page.reckoned, "the limit is worked out line by line"


def test_models_that_differ_say_so_once(rated: list[Any], shown: dict[Lang, list[Shown]]) -> None:
    differing = 0
    for (seed, ratings), page in zip(rated, shown["en"], strict=True):
        story = page.verdict.story
        shares = {numbers.percent(r["probabilities"]["high_growth"]["value"], "en") for r in ratings}
        assert (len(shares) > 1) == any("different probabilities of high growth" in one for one in story), seed
        names = {rating["model"]["name"] for rating in ratings}
        assert ("start-up" in names) == any("start-up model's grade" in one for one in story), seed
        index = next((r for r in ratings if r["model"]["name"] == "tech-index"), None)
        grade = deciding(ratings)["grades"].get("growth")
        if index is not None and grade is not None:
            far = index["details"]["growth_perspective"]["level"] >= 4 and ladders()["growth"].symbols.index(grade) >= 4
            assert not far or any("outlook" in one and grade in one for one in story), seed
            differing += far
    assert differing, "a bright outlook beside a lower grade is among them"


def test_the_grades_of_the_accounts_sentence_are_told_from_the_one_shown(rated: list[Any]) -> None:
    told = 0
    for seed, ratings in rated:
        for rating in ratings:
            accounts = rating["details"].get("accounts") or {}
            if not accounts.get("known") or not rating["grades"]:
                continue
            differs = any(entry["with"] != rating["grades"][name] for name, entry in accounts["grades"].items())
            said = any(
                "before the rules that hold a grade" in o["text"] for o in rating["opinions"] if o["lang"] == "en"
            )
            assert said == differs, (seed, rating["model"]["name"])
            told += said
    assert told


@pytest.mark.parametrize("lang", LANGS)
def test_one_name_has_one_value_on_a_page(rated: list[Any], shown: dict[Lang, list[Shown]], lang: Lang) -> None:
    for (seed, _), page in zip(rated, shown[lang], strict=True):
        values: dict[tuple[str, str], set[float]] = defaultdict(set)
        for label, said in page.named:
            figure = re.search(r"-?\d[\d,]*(\.\d+)?", said)
            if figure:  # the same name in another unit is another thing: assets in won and as a share
                values[label, said.replace(figure[0], "")].add(float(figure[0].replace(",", "")))
        assert values
        assert not {name: found for name, found in values.items() if len(found) > 1}, seed


@pytest.mark.parametrize("lang", LANGS)
def test_clauses_of_the_guarantee_show_the_values_of_the_rating(lang: Any) -> None:
    met = set()
    for seed in range(12):
        try:
            rating = rate_by(MODELS.model("ktrs-fm"), RatedSubject.of(varied(seed), DAY)).to_json()
        except KtopError:  # a record that nobody could enter
            continue
        shown = guarantee_view(rating, lang)
        assert shown is not None
        assert f" {rating['grades']['business']}," in shown.clauses[0].figures, seed
        for clause in shown.clauses:
            met.add(clause.met)
            assert clause.met is None or clause.figures, (seed, clause.label)
            assert not re.search(r"KR-\d|_krw|None|nan", clause.figures), clause.figures
    assert met == {True, False, None}
