"""A programme's whole season on both databases: rules, call, applicants, ranking, appeal, announcement."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from sqlalchemy import insert, select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import COMPANY, GAON, OTHER_COMPANY, add_organisations
from databases import BACK_ENDS, database_url
from together import together

from ktop.bootstrap import House
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.work.job import Stop
from ktop.kernel.clock import today
from ktop.kernel.errors import ChangedError, ConflictError, ForbiddenError, InputError, NotFoundError, UnavailableError
from ktop.kernel.settings import Settings
from ktop.store.api_keys import KeyRow
from ktop.store.tables import audit_events, organisations, programme_rules, users
from ktop.training.reference import build_reference
from ktop.usecases.seasons import applications, ranking
from ktop.usecases.seasons.interface import CallCard

OFFICER = Actor("user-officer", "kised", frozenset({"agency_manager"}))
EVALUATOR = Actor("user-evaluator", "kised", frozenset({"agency_evaluator"}))
ELSEWHERE = Actor("user-elsewhere", "tipa", frozenset({"agency_manager"}))
RULE = """\
# 시험 규칙
programme: trial
name: {ko: 시험 사업, en: Trial}
kind: rnd
agency: kised
year: 2026
version: 1
uses: [minimum, points]
capacity: 5
reserve: 3
clauses:
  - id: tax
    label: {ko: 체납, en: Arrears}
    holds: tax_arrears == 0
    reason: {ko: 체납이 있습니다., en: There are arrears.}
points:
  - id: index
    label: {ko: 지수, en: Index}
    of: tech_index_index
    steps: [[80, 30], [60, 20], [40, 10]]
ties:
  - {of: tech_index_index, order: high}
"""


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    firms = build_reference(100, 5).head(60)
    return firms.select(name for name in firms.columns if name in FACTS and not FACTS[name].derived)


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    house = House(Settings(data=tmp_path, database_url=database_url(request.param, tmp_path)))
    store = house._store()
    add_organisations(store)
    now = datetime.now(UTC)
    with store.installation() as work:
        for name in ("kised", "tipa"):
            known = {"kind": "agency", "name_ko": name, "name_en": name, "state": "active", "demo": True}
            work.connection.execute(insert(organisations).values(id=name, settings={}, created=now, version=1, **known))
        user = {"id": OFFICER.user, "state": "active", "demo": True, "created": now, "version": 1}
        work.connection.execute(insert(users).values(user))
        work.identity.add_membership(OFFICER.user, "kised", "agency_manager", now)
    yield house
    store.engine.dispose()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "PART_ROWS", 7)


def published(seasons: Any, source: str = RULE) -> str:
    draft = seasons.draft(OFFICER)
    draft = seasons.save(OFFICER, draft.id, draft.version, source)
    assert draft.problem is None
    return str(seasons.publish(OFFICER, draft.id, draft.version).id)


def called(seasons: Any, rule: str, **changes: Any) -> CallCard:
    day = today()
    said = {"opens": day, "closes": day + timedelta(days=20), "as_of": day, "blind": False} | changes
    found: CallCard = seasons.open_call(OFFICER, rule, **said)
    return found


def csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()


def work_once(house: House, asked: Callable[[], Stop | None] = lambda: None) -> None:
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, asked)


def record(house: House, **changes: Any) -> dict[str, Any]:
    found = dict(house.companies.example_record(COMPANY, "hanbit-motion"))
    return found | {"business_number": GAON} | changes


def ranked(house: House, call: CallCard) -> CallCard:
    seasons = house.seasons
    current = seasons.call(OFFICER, call.call.id)
    if current.call.state == "open":
        current = seasons.step(OFFICER, call.call.id, "close", current.call.version)
    seasons.rank(OFFICER, call.call.id)
    work_once(house)
    return seasons.call(OFFICER, call.call.id)


def said(file: Any) -> str:
    """Return all that the parts of a workbook say."""
    with zipfile.ZipFile(io.BytesIO(file.content)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def everybody(seasons: Any, call: CallCard, actor: Actor = OFFICER) -> list[Any]:
    return list(seasons.ranking(actor, call.call.id, limit=200).items)


def test_a_whole_season(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    call = called(seasons, published(seasons), blind=True)
    bad = firms.with_columns(
        pl.when(pl.int_range(pl.len()) == 3)
        .then(pl.lit("many"))
        .otherwise(pl.col("staff_total").cast(pl.String))
        .alias("staff_total")
    )
    told = seasons.upload(OFFICER, call.call.id, csv(bad), "firms.csv")
    assert (told.rows, told.unread, told.before) == (60, 1, False)
    assert seasons.upload(OFFICER, call.call.id, csv(bad), "again.csv").before, "the same table is known by its content"
    assert [one.call.id for one in seasons.open_calls(COMPANY)] == [call.call.id]
    mine = seasons.apply(COMPANY, call.call.id, record(house))
    assert mine.yours and mine.applicant.name and mine.outcomes == []
    with pytest.raises(ConflictError):
        seasons.apply(COMPANY, call.call.id, record(house))
    (consent,) = house.consents.consents(COMPANY).items
    assert (consent.grantee.id, consent.consent.terms.purpose) == ("kised", "programme_review")
    call = ranked(house, call)
    assert call.applications == 61 and call.decisions["selected"] == 5 and call.decisions["reserve"] == 3
    lines = everybody(seasons, call)
    assert [one.outcome.rank for one in lines[:5]] == [1, 2, 3, 4, 5] and all(one.name is None for one in lines)
    assert all(one.outcome.reasons["ko"] and one.outcome.reasons["en"] for one in lines)
    with pytest.raises(ConflictError):
        seasons.step(OFFICER, call.call.id, "announce", call.call.version)
    assert seasons.application(COMPANY, mine.applicant.id).outcomes == [], "not told yet"
    call = seasons.step(OFFICER, call.call.id, "tell", call.call.version)
    own = seasons.application(COMPANY, mine.applicant.id)
    assert own.outcomes[0].decision and own.may_appeal
    appeal = seasons.appeal(COMPANY, own.applicant.id, "상시 근로자 수가 잘못 적혔습니다.", record(house))
    assert appeal.second is not None and appeal.second["points"] == appeal.first["points"], (
        "the same data, the same points"
    )
    with pytest.raises(ConflictError, match="appeals_open"):
        seasons.step(OFFICER, call.call.id, "announce", call.call.version)
    assert seasons.decide_appeal(OFFICER, appeal.id, True, "자료를 확인했습니다.").state == "upheld"
    with pytest.raises(ConflictError, match="rank_again"):
        seasons.step(OFFICER, call.call.id, "announce", call.call.version)
    call = ranked(house, call)
    assert call.call.round == 2
    call = seasons.step(OFFICER, call.call.id, "announce", call.call.version)
    assert [one.round for one in seasons.application(COMPANY, own.applicant.id).outcomes] == [1, 2]
    assert all(one.name for one in everybody(seasons, call) if one.outcome.decision != "unread"), "no longer blind"
    result = seasons.result(OFFICER, call.call.id)
    assert result.name.endswith(".xlsx") and result.content.startswith(b"PK")
    with house._store().installation(reading=True) as work:
        actions = set(work.connection.scalars(select(audit_events.c.action)))
    wanted = ("published", "called", "uploaded", "applied", "ranked", "tell", "appealed", "appeal_upheld", "announce")
    assert {f"programme.{name}" for name in (*wanted, "exported")} <= actions


def test_ten_interruptions_change_nothing(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    rule = published(seasons)
    results = []
    for interruptions in (0, 10):
        call = called(seasons, rule)
        seasons.upload(OFFICER, call.call.id, csv(firms), "firms.csv")
        seasons.step(OFFICER, call.call.id, "close", 1)
        first = seasons.rank(OFFICER, call.call.id)
        assert seasons.rank(OFFICER, call.call.id).id == first.id, "asked for twice is asked for once"
        for n in range(interruptions):
            looked = iter([None])
            work_once(house, lambda looked=looked, n=n: next(looked, "give_back"))  # type: ignore[misc]
            if n % 3 == 2:  # cancelled, and asked for anew
                house.jobs.cancel(OFFICER, seasons.call(OFFICER, call.call.id).call.job)
                seasons.rank(OFFICER, call.call.id)
        for _ in range(20):
            work_once(house)
        results.append(
            [
                (one.outcome.decision, one.outcome.points, one.outcome.rank, one.outcome.reasons["ko"])
                for one in everybody(seasons, call)
            ]
        )
    assert results[0] == results[1] and len(results[0]) == 60


def test_who_revokes_takes_no_place(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    call = called(seasons, published(seasons))
    mine = seasons.apply(COMPANY, call.call.id, record(house))
    (consent,) = house.consents.consents(COMPANY).items
    call = ranked(house, call)
    assert call.decisions == {"selected": 1}
    house.consents.revoke(COMPANY, consent.consent.id, "")
    call = ranked(house, call)
    assert call.decisions == {"withdrawn": 1}
    (line,) = everybody(seasons, call)
    assert line.name is None and line.state == "withdrawn"
    assert seasons.application(OFFICER, mine.applicant.id).facts == {}
    assert seasons.withdraw(COMPANY, mine.applicant.id, "").applicant.state == "withdrawn"


def test_a_published_rule_never_changes(house: House) -> None:
    seasons = house.seasons
    rule = published(seasons)
    with pytest.raises(ConflictError):
        seasons.save(OFFICER, rule, seasons.rule(OFFICER, rule).version, "other")
    with pytest.raises(UnavailableError), house._store().unit(OFFICER) as unit:
        unit.connection.execute(update(programme_rules).values(source="other"))
    call = called(seasons, rule)
    following = seasons.draft(OFFICER, like=rule)
    assert yaml.safe_load(following.source)["version"] == 2
    edited = seasons.save(
        OFFICER, following.id, following.version, following.source.replace("capacity: 5", "capacity: 1")
    )
    with pytest.raises(ChangedError):
        seasons.save(OFFICER, following.id, following.version, following.source)
    seasons.publish(OFFICER, edited.id, edited.version)
    assert seasons.call(OFFICER, call.call.id).capacity == 5, "a call keeps the version that it was opened under"
    again = seasons.draft(OFFICER)
    again = seasons.save(OFFICER, again.id, again.version, RULE)
    with pytest.raises(ConflictError):
        seasons.publish(OFFICER, again.id, again.version)


def test_what_is_wrong_with_a_draft_has_its_line(house: House) -> None:
    seasons = house.seasons
    draft = seasons.draft(OFFICER)
    kept = seasons.save(OFFICER, draft.id, draft.version, RULE.replace("tax_arrears == 0", "no_such_fact == 0"))
    assert kept.problem is not None and kept.problem.params["line"] == 14
    with pytest.raises(InputError):
        seasons.publish(OFFICER, kept.id, kept.version)
    kept = seasons.save(OFFICER, kept.id, kept.version, RULE)
    for kind, value in (("most_age", "7"), ("regions", "KR-26, KR-11"), ("least_grade", "BBB"), ("tax", "")):
        kept = seasons.add_clause(OFFICER, kept.id, kept.version, kind, {"value": value})
    assert kept.problem is None and kept.source.startswith("# 시험 규칙")
    assert [one["id"] for one in yaml.safe_load(kept.source)["clauses"]] == [
        "tax",
        "most_age",
        "regions",
        "least_grade",
        "no_arrears",
    ]
    with pytest.raises(InputError):
        seasons.add_clause(OFFICER, kept.id, kept.version, "most_age", {"value": "seven"})


def test_a_clause_is_changed_by_a_form_and_nothing_else_of_the_text(house: House) -> None:
    draft = house.seasons.draft(OFFICER, example="market-response")
    before = {one.id: one for one in house.seasons.clauses(OFFICER, draft.id)}
    chosen = next(iter(before))
    values = {"condition": "staff_total <= 299", "reason_ko": "인원이 많습니다.", "missing": "refuse"}
    changed = house.seasons.change_clause(OFFICER, draft.id, draft.version, chosen, values)
    assert changed.problem is None
    after = {one.id: one for one in house.seasons.clauses(OFFICER, draft.id)}
    assert (after[chosen].condition, after[chosen].missing) == ("staff_total <= 299", "refuse")
    assert after[chosen].reason == {"ko": "인원이 많습니다.", "en": before[chosen].reason["en"]}
    assert {name: one for name, one in after.items() if name != chosen} == {
        name: one for name, one in before.items() if name != chosen
    }
    comments = [line for line in draft.source.split("\n") if line.lstrip().startswith("#")]
    assert [line for line in changed.source.split("\n") if line.lstrip().startswith("#")] == comments
    wrong = house.seasons.change_clause(OFFICER, draft.id, changed.version, chosen, {"condition": "staff_total <"})
    assert wrong.problem is not None and house.seasons.clauses(OFFICER, draft.id) == []
    with pytest.raises(InputError):
        house.seasons.change_clause(OFFICER, draft.id, wrong.version, "no_such", None)
    for name in before:
        wrong = house.seasons.change_clause(OFFICER, draft.id, wrong.version, name, None)
    assert wrong.problem is None and house.seasons.clauses(OFFICER, draft.id) == []


def test_a_draft_is_tried_on_applicants_of_before(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    rule = published(seasons)
    call = called(seasons, rule)
    seasons.upload(OFFICER, call.call.id, csv(firms), "firms.csv")
    ranked(house, call)
    stricter = seasons.draft(OFFICER, like=rule)
    stricter = seasons.save(
        OFFICER, stricter.id, stricter.version, stricter.source.replace("capacity: 5", "capacity: 2")
    )
    found = seasons.preview(OFFICER, stricter.id, call=call.call.id)
    assert found.rows == 60 and found.decisions["selected"] == 2 and found.compared_with == "trial-2026-1"
    assert found.changed_count["selected", "reserve"] == 3 and len(found.changed) == sum(found.changed_count.values())
    by_table = seasons.preview(OFFICER, stricter.id, table=(csv(firms), "firms.csv"))
    assert by_table.decisions == found.decisions and by_table.clauses == found.clauses


def test_who_declared_a_conflict_is_kept_out(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    call = called(seasons, published(seasons))
    mine = seasons.apply(COMPANY, call.call.id, record(house))
    ranked(house, call)
    seasons.declare_conflict(EVALUATOR, mine.applicant.id, "전에 다니던 회사입니다.")
    with pytest.raises(ForbiddenError):
        seasons.application(EVALUATOR, mine.applicant.id)
    assert seasons.application(OFFICER, mine.applicant.id).facts
    (line,) = everybody(seasons, call, EVALUATOR)
    assert line.conflict and (line.name, line.business_number, line.outcome) == (None, None, None)
    (line,) = everybody(seasons, call, OFFICER)
    assert line.name and line.outcome
    assert mine.applicant.name in said(seasons.result(OFFICER, call.call.id))
    key, now = "0123456789ab", datetime.now(UTC)
    with house._store().unit(OFFICER) as unit:
        unit.api_keys.add(KeyRow(key, "kised", "x", "0", ["own:programme:manage"], OFFICER.user, now, now))
    program = replace(OFFICER, user=f"key:{key}", scopes=frozenset({"own:programme:manage"}))
    seasons.declare_conflict(OFFICER, mine.applicant.id, "친척이 대표입니다.")
    for who in (OFFICER, program):
        with pytest.raises(ForbiddenError):
            seasons.application(who, mine.applicant.id)
        assert mine.applicant.name not in said(seasons.result(who, call.call.id))


def test_a_company_that_applies_twice_at_one_time_applies_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seasons = house.seasons
    call = called(seasons, published(seasons))
    twice = [lambda: seasons.apply(COMPANY, call.call.id, record(house))] * 2
    answers = together(monkeypatch, applications, "give_in", twice)
    assert sorted(str(one and one.key) for one in answers) == ["None", "programmes_season.applied_already"]
    assert len(seasons.applications(COMPANY)) == 1


def test_what_is_followed_ends_with_the_consent(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    call = called(seasons, published(seasons))
    seasons.apply(COMPANY, call.call.id, record(house))
    current = ranked(house, call)
    for action in ("tell", "announce"):
        current = seasons.step(OFFICER, call.call.id, action, current.call.version)

    def regions() -> list[str | None]:
        assert house.follow_up.add_selected(OFFICER, call.call.id) == 1
        with house._store().reading(OFFICER) as unit:
            return [one.region for one in unit.projects.all()]

    assert regions() != [None]
    (given,) = house.consents.consents(COMPANY, state="active").items
    house.consents.revoke(COMPANY, given.consent.id, "")
    assert regions() == [None]


def test_strangers_see_nothing(house: House, firms: pl.DataFrame) -> None:
    seasons = house.seasons
    rule = published(seasons)
    call = called(seasons, rule)
    mine = seasons.apply(COMPANY, call.call.id, record(house))
    for stranger in (ELSEWHERE, OTHER_COMPANY):
        with pytest.raises(NotFoundError):
            seasons.application(stranger, mine.applicant.id)
    with pytest.raises(NotFoundError):
        seasons.ranking(ELSEWHERE, call.call.id)
    with pytest.raises(NotFoundError):
        seasons.step(ELSEWHERE, call.call.id, "close", 1)
    with pytest.raises(NotFoundError):
        seasons.preview(ELSEWHERE, rule, call=call.call.id)
    with pytest.raises(ForbiddenError):
        seasons.rank(COMPANY, call.call.id)
    assert seasons.applications(OTHER_COMPANY) == []
    with pytest.raises(InputError):
        seasons.apply(OTHER_COMPANY, call.call.id, record(house))
