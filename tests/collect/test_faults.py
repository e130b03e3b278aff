"""Every adapter meets everything that sources do wrong; what is a failure is told as such and nothing is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from ktop.collect.asking import ATTEMPTS, Asker
from ktop.collect.limits import MOST_FAILURES, REST, Leave, Limits
from ktop.collect.parsing import PARSERS
from ktop.collect.stand_in.companies import made_up_companies
from ktop.collect.stand_in.faults import EXPECTED, Fault, FaultyServices
from ktop.collect.stand_in.services import KEY
from ktop.collect.stand_in.travel import accesses, served
from ktop.collect.value import Identity
from ktop.usecases.collect.trying import PROBES

GARAM = made_up_companies(date(2026, 6, 30))[0]
IDENTITY = Identity(GARAM.business_number, GARAM.corporate_number, GARAM.dart_code, (GARAM.applicant_code,))
#: What is tried again: it may be better the next time.
TRIED_AGAIN = frozenset({"down", "slow", "cut"})


class Memory:
    """A keeper for one test: no quota, and rest after failures in a row as the one in the database has it."""

    def __init__(self) -> None:
        self.failures: dict[str, int] = {}
        self.rests: dict[str, datetime] = {}

    def take(self, key: str, limits: Limits, now: datetime) -> Leave:
        until = self.rests.get(key)
        return Leave(True) if until is None or until <= now else Leave(False, why="resting", until=until)

    def note(self, key: str, outcome: str, detail: str, now: datetime) -> None:
        self.failures[key] = self.failures.get(key, 0) + 1 if outcome == "broken" else 0
        if self.failures[key] >= MOST_FAILURES:
            self.rests[key] = now + REST


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[FaultyServices, str]]:
    services = FaultyServices(date(2026, 6, 30))
    with served(services) as address:
        yield services, address


def asker(address: str, keeper: Memory, patience: float = 1.0) -> Asker:
    access = accesses(address, KEY)
    return Asker(access, keeper, limits=lambda source: Limits(), sleep=lambda _: None, patience=patience)


@pytest.mark.parametrize("fault", get_args(Fault))
def test_every_adapter_tells_every_fault(services: tuple[FaultyServices, str], fault: Fault) -> None:
    stand_in, address = services
    asks = asker(address, Memory(), 0.004 if fault == "slow" else 1.0)
    for source, (operation, parameters, body) in PROBES.items():
        stand_in.faults, before = {source: fault}, stand_in.asked
        answer = asks.ask(operation, parameters, body)
        assert answer.outcome == EXPECTED[fault], (source, fault, answer.detail)
        tries = ATTEMPTS if fault in TRIED_AGAIN or (source, fault) == ("epo", "failed") else 1
        assert stand_in.asked - before - tries in (0, source == "epo"), "the EPO is asked for a token, once"
        parser = PARSERS.get((operation.source, operation.name))
        if parser is not None and answer.outcome != "found":
            assert not parser(answer.content, parameters, IDENTITY), (source, fault)
    asks.close()


def test_a_source_that_breaks_again_and_again_is_not_asked_any_more(services: tuple[FaultyServices, str]) -> None:
    stand_in, address = services
    keeper = Memory()
    asks = asker(address, keeper)
    operation, parameters, body = PROBES["fsc"]
    stand_in.faults = {"fsc": "failed"}
    for _ in range(MOST_FAILURES):
        assert asks.ask(operation, parameters, body).outcome == "broken"
    before = stand_in.asked
    resting = asks.ask(operation, parameters, body)
    assert (resting.outcome, resting.detail, stand_in.asked) == ("broken", "resting", before)
    assert resting.retry_at is not None and resting.retry_at > datetime.now(UTC) + timedelta(minutes=4)
    assert asks.ask(*PROBES["nps"]).outcome == "no_data", "another source is asked as before"
    stand_in.faults, keeper.rests["fsc"] = {}, datetime.now(UTC)
    assert asks.ask(operation, parameters, body).outcome == "no_data", "and this one again after its rest"
    asks.close()
