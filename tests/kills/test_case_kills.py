"""A guarantee and loan case led on while every process that touches it is killed between any two of its statements.

Whoever takes a step, the rules that follow it, and the worker that tells of it are killed (SIGKILL) before a statement
drawn by chance, within a transaction or between two; then the same step is sent again, as a bank's program does after
a time-out. Nothing may be lost, doubled or half-moved, and every message arrives, always under its one name.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import killed_work
import pytest
from consenting import BANK, COMPANY, GAON, add_organisations, add_rating
from databases import BACK_ENDS, database_url
from killing import KILLS, LONG_SECONDS, started
from sqlalchemy import func, insert, select, update

from ktop.domain.finance.case import Application, follow
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.sealing import Sealer
from ktop.store.tables import audit_events, finance_cases, finance_steps, organisations, outbox, webhook_deliveries
from ktop.store.unit_of_work import Store
from ktop.usecases.finance.interface import CaseCard
from ktop.usecases.finance.service import FinanceService
from ktop.usecases.webhooks.service import WebhookService

GUARANTOR = Actor("user-guarantor", "kotec", frozenset({"guarantee_officer"}))
SECOND = Actor("user-second", "ibk", frozenset({"bank_officer"}))
ADMINISTRATOR = Actor("user-admin", "ibk", frozenset({"institution_administrator"}))
DECIDED = {"guaranteed_krw": "80,000,000", "fee_percent": "1.1"}
OFFERED = {"loan_krw": "100,000,000", "interest_percent": "4.2", "months": "36"}
#: What a process that takes a step asks the database for at most, commits included.
STATEMENTS = 40
#: The rating that cases stand on is not old then.
NOW = datetime(2026, 7, 15, 9, tzinfo=UTC)

Way = list[tuple[Actor, str, dict[str, str], str]]
TO_THE_BANK: Way = [
    (COMPANY, "submit", {}, ""),
    (COMPANY, "hand_in", {}, ""),
    (GUARANTOR, "approve_guarantee", DECIDED, ""),
]
WAYS: list[Way] = [
    [
        *TO_THE_BANK,
        (BANK, "offer_loan", OFFERED, ""),
        (COMPANY, "sign", {}, ""),
        (BANK, "disburse", {}, ""),
        (BANK, "monitor", {}, ""),
        (BANK, "close", {}, ""),
    ],
    [
        *TO_THE_BANK,
        (BANK, "offer_loan", OFFERED, ""),
        (COMPANY, "sign", {}, ""),
        (BANK, "disburse", {}, ""),
        (BANK, "report_overdue", {}, "할부금 미납"),
        (BANK, "declare_default", {}, "당좌 부도"),
        (BANK, "claim_guarantee", {"claimed_krw": "70,000,000"}, "당좌 부도"),
        (GUARANTOR, "pay_claim", {"paid_krw": "70,000,000"}, ""),
    ],
    [
        *TO_THE_BANK,
        (BANK, "refuse_loan", {}, "담보 여력 부족"),
        (COMPANY, "appeal_loan", {}, "수주 계약 추가"),
        (SECOND, "uphold_loan", {}, "그대로"),
    ],
]


class Bank:
    """The bank's address: it keeps what it is told, under the name of each message."""

    def __init__(self) -> None:
        self.told: dict[str, list[bytes]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                outer.told.setdefault(self.headers["webhook-id"], []).append(content)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def bank() -> Iterator[Bank]:
    made = Bank()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_no_kill_loses_doubles_or_halves_a_step(tmp_path: Path, back_end: str, bank: Bank) -> None:
    chance, url = random.Random(39), database_url(back_end, tmp_path)
    store = Store.open(url)
    add_organisations(store)
    with store.installation() as work:
        row = {"id": "kotec", "kind": "operator", "name_ko": "기보", "name_en": "KOTEC", "state": "active"}
        row |= {"demo": True, "settings": {}, "created": datetime.now(UTC), "version": 1}
        work.connection.execute(insert(organisations).values(**row))
    finance = FinanceService(lambda: store, lambda: NOW)
    webhooks = WebhookService(lambda: store, Sealer(tmp_path / "sealing.key"), anywhere=True)
    address = f"http://127.0.0.1:{bank.server.server_port}/told"
    webhooks.add(ADMINISTRATOR, address, ["finance"])
    killed = begun = 0
    try:
        while killed < KILLS:
            case, begun = _draft(store, finance), begun + 1
            for actor, action, figures, reason in WAYS[begun % len(WAYS)]:
                said = (actor, case.id, action, figures, reason, f"{action}-of-this-case", NOW)
                for _ in range(2):  # killed, and sent again killed at another moment
                    killed += _killed(killed_work.taking_a_step, chance, url, *said)
                    _require_whole(store, case.id)
                killed += _killed(killed_work.telling, chance, url, tmp_path / "sealing.key")
                finance.tend(INSTALLATION)  # what the clock does a moment later: no rule's step is left owed
                finance.act(actor, case.id, action, figures=figures, reason=reason, key=said[-2])
                _require_whole(store, case.id)
                if killed >= KILLS:
                    break
        _tell_the_rest(store, webhooks)
        _require_told(store, bank)
        with store.engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(finance_cases)) == begun
        copies = sum(len(contents) - 1 for contents in bank.told.values())
        print(f"{back_end}: {killed} kills, {begun} cases, {len(bank.told)} messages, {copies} of them sent again")
    finally:
        store.engine.dispose()


def _draft(store: Store, finance: FinanceService) -> CaseCard:
    rating = add_rating(store, COMPANY, GAON)
    with store.installation() as work:  # what earlier cases took of the limit, or did not repay, counts no more
        work.connection.execute(update(finance_cases).values(guarantee="ended", loan="repaid"))
    case = finance.apply(COMPANY, Application(rating, "research", 100_000_000, 36), guarantor="kotec", bank="ibk")
    for kind in ("business_registration", "statements"):
        finance.add_document(COMPANY, case.id, kind, f"{kind}.pdf", b"%PDF-1.7 invented")
    return case


def _killed(work: Any, chance: random.Random, *args: Any) -> int:
    process = started(work, *args, chance.randrange(1, STATEMENTS))
    process.join(LONG_SECONDS)
    assert process.exitcode in (0, -9), "it neither ended well nor was it killed"
    return int(process.exitcode == -9)


def _require_whole(store: Store, case_id: str) -> None:
    """Assert that a case stands where its steps lead, each once, each with its one event and message."""
    with store.unit(COMPANY) as unit:
        case, steps = unit.cases.get(case_id), unit.cases.steps(case_id)
        assert [step.number for step in steps] == list(range(1, case.version + 1))
        before = ["draft", *(step.after for step in steps)]
        assert [step.before for step in steps] == before[:-1] and case.state == before[-1]
        fresh = {"state": "draft", "guarantee": "none", "loan": "none", "figures": {}, "due": None, "version": 0}
        draft = replace(case, **fresh, since=case.created)  # type: ignore[arg-type] # each is of its field's type
        assert reduce(lambda before, step: follow(before, step, steps[: step.number - 1]), steps, draft) == case
    with store.engine.connect() as connection:
        own = audit_events.c.subject == case_id
        events = Counter(connection.scalars(select(audit_events.c.action).where(own)))
        said = [one for one in connection.execute(select(outbox.c.topic, outbox.c.payload)) if one[0] in events]
        keys = connection.scalars(select(finance_steps.c.key).where(finance_steps.c.case == case_id)).all()
    messages = Counter(topic for topic, payload in said if payload["subject"] == case_id)
    taken = Counter(f"finance.{step.action}" for step in steps)
    rest = {"finance.drafted": 1, "finance.document_added": 2}
    assert events == messages == taken + Counter(rest)
    assert len(set(keys)) == len(keys) == len(steps)


def _tell_the_rest(store: Store, webhooks: WebhookService) -> None:
    for _ in range(20):
        with store.engine.begin() as connection:  # the pauses after what was cut off are over
            connection.execute(update(webhook_deliveries).values(next_at=datetime.now(UTC) - timedelta(seconds=1)))
        while webhooks.deliver(INSTALLATION):
            pass


def _require_told(store: Store, bank: Bank) -> None:
    """Assert that the bank was told of every step of its cases, and of each under one name with one content."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(outbox.c.id, outbox.c.tenant, outbox.c.payload, outbox.c.topic)).all()
        waiting = connection.scalar(
            select(func.count()).select_from(webhook_deliveries).where(webhook_deliveries.c.state == "waiting")
        )
    cases = [row for row in rows if row.topic.startswith("finance.")]
    due = {row.id for row in cases if "ibk" in (row.tenant, *row.payload.get("others", ()))}
    assert waiting == 0 and bank.told.keys() == due and due
    assert all(len(set(contents)) == 1 for contents in bank.told.values()), "one name, one content"
    assert len({contents[0] for contents in bank.told.values()}) == len(bank.told)
