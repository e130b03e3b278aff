"""Comments and overrides stand beside a model's grade; nobody agrees with themselves, and nobody else sees them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, OTHER_BANK, add_organisations, add_rating
from databases import BACK_ENDS, database_url
from sqlalchemy import select

from ktop.domain.party.actor import VISITOR, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.tables import audit_events, ratings
from ktop.store.unit_of_work import Store
from ktop.usecases.keys.service import KeyService
from ktop.usecases.reviews.service import ReviewService

RATING = "ktrs-fm-1.3.0-hanbit-motion"
SECOND = Actor("user-second", "ibk", frozenset({"bank_officer"}))
WHY = "재무제표 원본과 현장 확인으로 매출을 확인함"


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    yield store
    store.engine.dispose()


def test_an_override_counts_when_a_second_person_agrees(store: Store) -> None:
    reviews = ReviewService(lambda: store)
    made = add_rating(store, BANK, None, RATING)
    with store.engine.connect() as connection:
        before = connection.execute(select(ratings.c.results)).scalar_one()
    given = reviews.propose_override(BANK, made, model="ktrs-fm", grade="risk", wanted="R5", reason=WHY)
    assert (given.state, given.given) == ("proposed", before[0]["grades"]["risk"])
    with pytest.raises(ConflictError):
        reviews.decide(BANK, given.id, agree=True, said=WHY)
    assert [one.id for one in reviews.waiting(SECOND)] == [given.id] and not reviews.waiting(SECOND)[0].mine
    done = reviews.decide(SECOND, given.id, agree=True, said="서류를 다시 확인하였습니다")
    assert (done.state, reviews.waiting(SECOND)) == ("confirmed", [])
    with pytest.raises(ConflictError):
        reviews.decide(SECOND, given.id, agree=False, said=WHY)
    with store.engine.connect() as connection:
        assert connection.execute(select(ratings.c.results)).scalar_one() == before
        if store.engine.dialect.name == "sqlite":
            told = connection.execute(select(audit_events.c.action, audit_events.c.details)).all()
            assert {"rating.override_proposed", "rating.override_confirmed"} <= {action for action, _ in told}
            assert WHY not in str(told)


def test_a_person_s_own_key_is_no_second_person(store: Store) -> None:
    reviews, keys = ReviewService(lambda: store), KeyService(lambda: store)
    made = add_rating(store, BANK, None, RATING)
    both = replace(BANK, roles=BANK.roles | {"institution_administrator"})
    own, other = (
        keys.recognise(VISITOR, keys.make(who, "x", ["own:rating:review"]).key)
        for who in (both, replace(both, user=SECOND.user))
    )
    by_person = reviews.propose_override(BANK, made, model="ktrs-fm", grade="risk", wanted="R5", reason=WHY)
    by_program = reviews.propose_override(own, made, model="ktrs-fm", grade="risk", wanted="R5", reason=WHY)
    for decider, proposal in ((own, by_person), (BANK, by_program)):
        with pytest.raises(ConflictError, match="second_person"):
            reviews.decide(decider, proposal.id, agree=True, said=WHY)
    assert reviews.decide(other, by_person.id, agree=True, said=WHY).state == "confirmed"


def test_what_cannot_be_is_refused(store: Store) -> None:
    reviews = ReviewService(lambda: store)
    made = add_rating(store, BANK, None, RATING)
    asked = {"model": "ktrs-fm", "grade": "risk", "wanted": "R5", "reason": WHY}
    given = reviews.propose_override(BANK, made, **asked).given
    for wrong in ({"model": "x"}, {"grade": "x"}, {"wanted": "A"}, {"wanted": given}, {"reason": " 짧다 "}):
        with pytest.raises(InputError):
            reviews.propose_override(BANK, made, **(asked | wrong))
    with pytest.raises(InputError):
        reviews.comment(BANK, made, "가" * 2001)
    with pytest.raises(ForbiddenError):
        reviews.comment(COMPANY, made, WHY)


def test_nobody_else_sees_or_decides(store: Store) -> None:
    reviews = ReviewService(lambda: store)
    made = add_rating(store, BANK, None, RATING)
    reviews.comment(BANK, made, WHY)
    given = reviews.propose_override(BANK, made, model="ktrs-fm", grade="risk", wanted="R5", reason=WHY)
    for attempt in (
        lambda: reviews.of_rating(OTHER_BANK, made),
        lambda: reviews.comment(OTHER_BANK, made, WHY),
        lambda: reviews.decide(OTHER_BANK, given.id, agree=True, said=WHY),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert reviews.waiting(OTHER_BANK) == []
    assert [one.kind for one in reviews.of_rating(BANK, made).reviews] == ["comment", "override"]
