"""Who stands and who is selected in a season, by example: expired ratings, revoked consents, repetitions, versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ktop.catalogue import LANGS
from ktop.domain.decision.programme import read_rule
from ktop.domain.season.call import RATING_VALID_DAYS, Call, check_days, may_apply, step, valid_figures
from ktop.kernel.errors import ConflictError, InputError
from ktop.store.programmes import ApplicationRow
from ktop.usecases.seasons.ranking import ranked

DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, tzinfo=UTC)
CALL = Call("c", "kised", "r", "trial", 2026, "closed", DAY, DAY, DAY, False, 0, "", 1, NOW, "officer")
GAON, NURI = "101-00-00114", "101-00-00128"
RULE = """
programme: trial
name: {ko: 시험, en: Trial}
kind: rnd
agency: kised
year: 2026
version: 1
uses: [minimum, points]
capacity: 2
reserve: 1
clauses:
  - id: index
    label: {ko: 지수, en: Index}
    holds: tech_index_index >= 40
    reason: {ko: "{tech_index_index}점", en: "{tech_index_index} points"}
points:
  - id: index
    label: {ko: 지수, en: Index}
    of: tech_index_index
    steps: [[80, 30], [60, 20], [40, 10]]
ties:
  - {of: tech_index_index, order: high}
"""
SECOND = RULE.replace("version: 1", "version: 2").replace(">= 40", ">= 60").replace("capacity: 2", "capacity: 1")


def applicant(number: int, index: float | None = 70.0, **changes: Any) -> ApplicationRow:
    """An applicant with a rating of the call's day; ``firm`` is its business number."""
    firm = changes.pop("firm", None)
    row = ApplicationRow(
        number=number,
        id=f"a{number}",
        company="",
        call="c",
        source="upload",
        upload="",
        name="",
        business_number=None,
        facts={"business_number": firm} if firm else {},
        problems=None,
        consent=None,
        figures={} if index is None else {"tech_index_index": index},
        rated_with="",
        rated_on=DAY,
        state="applied",
        created=NOW,
    )
    return replace(row, **changes)


CASES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("both places go to the best", [{"index": 50}, {"index": 70}, {"index": 90}], ["reserve", "selected", "selected"]),
    ("a tie over the last place selects nobody", [{"index": 90}, {}, {}], ["selected", "reserve", "not_selected"]),
    (
        "a tie that the figure decides",
        [{"index": 71}, {"index": 70}, {"index": 72}],
        ["selected", "reserve", "selected"],
    ),
    ("below the minimum", [{"index": 39.9}], ["refused"]),
    ("at the minimum", [{"index": 40}], ["selected"]),
    ("no rating", [{"index": None}], ["ask"]),
    ("no rating takes no place", [{"index": None}, {}, {"index": 60}], ["ask", "selected", "selected"]),
    ("a rating on its last day", [{"rated_on": date(2025, 6, 30)}], ["selected"]),
    ("a rating a day too old", [{"rated_on": date(2025, 6, 29)}], ["ask"]),
    ("a rating younger than the day", [{"rated_on": date(2026, 7, 1)}], ["ask"]),
    ("a rating of no day", [{"rated_on": None}], ["ask"]),
    ("an old rating gives its place up", [{"index": 99, "rated_on": date(2024, 1, 1)}, {}], ["ask", "selected"]),
    ("consent in force", [{"consent": "k", "consent_state": "active"}], ["selected"]),
    ("consent revoked", [{"consent": "k", "consent_state": "revoked"}], ["withdrawn"]),
    ("consent expired", [{"consent": "k", "consent_state": "expired"}], ["withdrawn"]),
    ("consent narrowed away", [{"consent": "k", "consent_state": "narrowed"}], ["withdrawn"]),
    (
        "who revoked gives the place up",
        [{"index": 99, "consent_state": "revoked"}, {"index": 61}, {"index": 62}],
        ["withdrawn", "selected", "selected"],
    ),
    ("withdrawn", [{"state": "withdrawn"}], ["withdrawn"]),
    ("the same firm twice", [{"firm": GAON}, {"firm": GAON, "index": 99}], ["selected", "repeated"]),
    ("two firms", [{"firm": GAON}, {"firm": NURI, "index": 99}], ["selected", "selected"]),
    ("withdrawn, then again", [{"firm": GAON, "state": "withdrawn"}, {"firm": GAON}], ["withdrawn", "selected"]),
    ("revoked, then again", [{"firm": GAON, "consent_state": "revoked"}, {"firm": GAON}], ["withdrawn", "selected"]),
    ("three times", [{"firm": GAON}, {"firm": GAON}, {"firm": GAON}], ["selected", "repeated", "repeated"]),
    ("an unread row", [{"problems": {"ko": "틀림", "en": "wrong"}}, {}], ["unread", "selected"]),
    (
        "an unread row repeats nobody",
        [{"firm": GAON, "problems": {"ko": "", "en": ""}}, {"firm": GAON}],
        ["unread", "selected"],
    ),
    ("nobody", [], []),
]


def rows(said: list[dict[str, Any]]) -> list[ApplicationRow]:
    return [applicant(number, **one) for number, one in enumerate(said, start=1)]


@pytest.mark.parametrize(("said", "decisions"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_ranking_by_example(said: list[dict[str, Any]], decisions: list[str]) -> None:
    found = ranked(read_rule(RULE.encode()), CALL, rows(said))
    assert [one.decision for one in found] == decisions
    assert all(one.reasons[lang] or one.decision == "unread" for one in found for lang in LANGS)


def test_a_repetition_names_the_application_it_repeats() -> None:
    found = ranked(read_rule(RULE.encode()), CALL, [applicant(17, firm=GAON), applicant(23, firm=GAON)])
    assert "17" in found[1].reasons["ko"] and "17" in found[1].reasons["en"]


def test_another_version_of_the_rules_decides_otherwise() -> None:
    """A call keeps its version; what the next one would do differs in minimum and places."""
    said = rows([{"index": 50}, {"index": 90}, {"index": 80}])
    first, second = (ranked(read_rule(source.encode()), CALL, said) for source in (RULE, SECOND))
    assert [one.decision for one in first] == ["reserve", "selected", "selected"]
    assert [one.decision for one in second] == ["refused", "selected", "reserve"]


def test_the_order_of_arrival_decides_nothing() -> None:
    said = rows([{"index": 50 + 7 * k % 40} for k in range(12)])
    there = {one.application: one.decision for one in ranked(read_rule(RULE.encode()), CALL, said)}
    back = {one.application: one.decision for one in ranked(read_rule(RULE.encode()), CALL, said[::-1])}
    assert {k for k, v in there.items() if v == "selected"} == {k for k, v in back.items() if v == "selected"}


STEPS: list[tuple[str, dict[str, Any], str, dict[str, int], str]] = [
    ("close", {"state": "open"}, "close", {}, "closed"),
    ("reopen", {}, "reopen", {}, "open"),
    ("tell", {"round": 1}, "tell", {}, "appeals"),
    ("announce", {"state": "appeals", "round": 1}, "announce", {}, "announced"),
    ("tell before ranking", {}, "tell", {}, ""),
    ("announce before telling", {"round": 1}, "announce", {}, ""),
    ("announce with open appeals", {"state": "appeals", "round": 1}, "announce", {"open_appeals": 1}, ""),
    ("announce before ranking anew", {"state": "appeals", "round": 1}, "announce", {"upheld_since_round": 1}, ""),
    ("reopen after telling", {"state": "appeals"}, "reopen", {}, ""),
    ("anything after the announcement", {"state": "announced", "round": 1}, "tell", {}, ""),
    ("a step there is none of", {}, "burn", {}, ""),
]


@pytest.mark.parametrize(("said", "action", "counts", "after"), [c[1:] for c in STEPS], ids=[c[0] for c in STEPS])
def test_what_may_follow(said: dict[str, Any], action: str, counts: dict[str, int], after: str) -> None:
    call = replace(CALL, **said)
    appeals = {"open_appeals": 0, "upheld_since_round": 0} | counts
    if not after:
        with pytest.raises(ConflictError):
            step(call, action, NOW, **appeals)
        return
    found = step(call, action, NOW, **appeals)
    assert (found.state, found.version) == (after, 2) and (found.announced is not None) == (after == "announced")


def test_a_day_outside_the_call_is_too_early_or_too_late() -> None:
    call = replace(CALL, state="open", opens=date(2026, 6, 1), closes=DAY)
    for day in (date(2026, 6, 1), DAY):
        may_apply(call, day)
    for day in (date(2026, 5, 31), date(2026, 7, 1)):
        with pytest.raises(ConflictError):
            may_apply(call, day)
    for days in ((DAY, date(2026, 6, 1), DAY), (DAY, date(2028, 1, 1), DAY), (DAY, DAY, date(2030, 1, 1))):
        with pytest.raises(InputError):
            check_days(*days)


def test_a_rating_holds_for_its_days() -> None:
    figures = {"tech_index_index": 1.0}
    assert valid_figures(figures, date.fromordinal(DAY.toordinal() - RATING_VALID_DAYS), DAY) == figures
    assert valid_figures(figures, date.fromordinal(DAY.toordinal() - RATING_VALID_DAYS - 1), DAY) == {}
    assert valid_figures(None, DAY, DAY) == {}
