"""Supported projects on both databases: brought in, observed, warned of; a wrong table leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.store.unit_of_work import Store
from ktop.usecases.followup.service import FollowUpService

OFFICER = Actor("user-officer", "kised", frozenset({"agency_manager"}))
ELSEWHERE = Actor("user-elsewhere", "tipa", frozenset({"agency_manager"}))
COMPANY = Actor("user-gaon", "gaon", frozenset({"company_owner"}))
PROJECTS = b"""programme,year,firm,name,region,budget_krw,target_sales_krw
leap,2020,101,A,KR-11,"100,000",500
leap,2020,102,B,KR-26,100000,500
bird,2021,101,A,KR-11,,
"""
OUTCOMES = b"""programme,year,firm,observed,sales_krw,jobs,survived
leap,2020,101,2021,400,10,1
leap,2020,101,2022,600,10,1
leap,2020,102,2022,,,0
"""


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    yield store
    store.engine.dispose()


@pytest.fixture
def follow_up(store: Store) -> FollowUpService:
    return FollowUpService(lambda: store, 1)


def test_projects_are_followed(follow_up: FollowUpService) -> None:
    for _ in range(2):  # the same table again changes nothing
        assert follow_up.add_projects(OFFICER, PROJECTS, "projects.csv") == 3
        assert follow_up.add_outcomes(OFFICER, OUTCOMES, "outcomes.csv") == 3
    found = follow_up.followed(OFFICER, 2022)
    assert (found.firms, found.several, found.most) == (2, 1, 2)
    bird, leap = found.programmes
    assert (leap.projects, leap.budget_krw, leap.decided, leap.met, leap.cost_krw) == (2, 200_000, 1, 1, 100_000.0)
    assert (bird.budget_krw, bird.decided, bird.cost_krw, bird.warned) == (None, 0, None, 1)
    assert [(one.firm, [sign.sign for sign in signs]) for one, signs in found.warned] == [
        ("102", ["closed"]),
        ("101", ["silent"]),
    ]
    assert follow_up.followed(ELSEWHERE, 2022).programmes == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (b"programme,year\nleap,2020\n", "no_column"),
        (PROJECTS + b"leap,twenty,103,C,,,\n", "no_number"),
        (PROJECTS + b"leap,2020,,C,,,\n", "no_key"),
        (PROJECTS + b"leap,2020,101,A,,,\n", "twice"),
    ],
)
def test_a_wrong_table_leaves_nothing(follow_up: FollowUpService, table: bytes, key: str) -> None:
    with pytest.raises(InputError) as caught:
        follow_up.add_projects(OFFICER, table, "projects.csv")
    assert caught.value.key == f"programmes_follow.{key}"
    assert follow_up.followed(OFFICER).programmes == []


def test_outcomes_of_no_project_are_refused(follow_up: FollowUpService) -> None:
    with pytest.raises(InputError, match="no_project"):
        follow_up.add_outcomes(OFFICER, OUTCOMES, "outcomes.csv")
    with pytest.raises(ForbiddenError):
        follow_up.add_projects(COMPANY, PROJECTS, "projects.csv")
