"""What has served is forgotten, a few rows at a time; what still counts, and what is for good, stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import BACK_ENDS, database_url
from sqlalchemy import Table, func, insert, select

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ForbiddenError
from ktop.kernel.settings import Settings
from ktop.store.tables import (
    access_tokens,
    api_keys,
    audit_events,
    documents,
    idempotency_keys,
    organisations,
    outbox,
    request_counts,
    sessions,
    sign_in_failures,
    users,
    webhook_deliveries,
    webhooks,
)
from ktop.usecases.operations import service

NOW = datetime.now(UTC)
#: Nothing that is not over yet gets so while the tests run.
LONG_AGO, LATELY = NOW - timedelta(days=40), NOW + timedelta(hours=2)
BANK = Actor("kim", "bank-1")


def fill(house: House) -> None:
    """Keep of everything one row that is over, and one that is not."""
    store = house._store()
    with store.unit(BANK) as unit:
        for number in range(7):
            unit.tell("kind.verb", str(number), {})
    with store.installation() as work:
        run = work.connection.execute
        sent = dict(zip(run(select(outbox.c.id)).scalars().all(), [LONG_AGO] * 5 + [LATELY, None], strict=True))
        for message, at in sent.items():
            run(outbox.update().where(outbox.c.id == message).values(sent=at))
        words = {"name_ko": "a", "name_en": "a", "settings": {}, "demo": False, "version": 1, "created": LONG_AGO}
        run(insert(organisations).values(id="bank-1", kind="bank", state="active", **words))
        run(insert(users).values(id="u", state="active", demo=False, created=LONG_AGO, version=1))
        hook = {"id": "w", "tenant": "bank-1", "url": "https://a", "secret": "s", "topics": [], "state": "active"}
        run(insert(webhooks).values(**hook, made_by="kim", created=LONG_AGO))
        key = {"id": "k", "tenant": "bank-1", "name": "k", "secret": "s", "scopes": [], "made_by": "kim"}
        run(insert(api_keys).values(**key, created=LONG_AGO, expires=LONG_AGO))
        old = {"name": "a", "media_type": "a/b", "subject": "i", "content": b"", "sha256": "", "made_by": "kim"}
        for kind in ("batch.given", "effect.given", "batch.answer"):
            last_year = NOW - timedelta(days=366)
            run(insert(documents).values(id=f"{kind}-old", tenant="bank-1", kind=kind, created=last_year, **old))
        for number, (at, over) in enumerate(((LONG_AGO, LONG_AGO), (LATELY, NOW + timedelta(hours=3)))):
            told = {"webhook": "w", "message": "m", "topic": "t", "payload": {}, "attempts": 1, "next_at": at}
            delivery = {"id": f"d{number}", "tenant": "bank-1", "state": "delivered", "created": at, "ended": at}
            run(insert(webhook_deliveries).values(**told, **delivery))
            run(insert(idempotency_keys).values(tenant="bank-1", key=f"k{number}", request="r", created=at))
            for kind in ("sheets.rows", "batch.given"):
                run(insert(documents).values(id=f"{kind}{number}", tenant="bank-1", kind=kind, created=at, **old))
            run(insert(sign_in_failures).values(key=f"f{number}", count=1, since=at))
            run(insert(access_tokens).values(id=f"t{number}", key="k", scopes=[], created=at, expires=over))
            session = {
                "id": f"s{number}",
                "public_id": f"p{number}",
                "user": "u",
                "strength": 1,
                "agent": "",
                "data": {},
            }
            run(insert(sessions).values(**session, created=at, seen=at, expires=over))
            minute = int(at.timestamp()) // 60
            run(insert(request_counts).values(process="p", minute=minute, whose="w", count=1))
        run(insert(webhook_deliveries).values(**told, **delivery | {"id": "d2", "state": "waiting", "ended": None}))


def counted(house: House, *tables: Table) -> list[int]:
    with house._store().installation(reading=True) as work:
        return [work.connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_what_has_served_is_forgotten(tmp_path: Path, back_end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_PRUNED_AT_ONCE", 2)
    house = House(Settings(data=tmp_path, database_url=database_url(back_end, tmp_path)))
    fill(house)
    assert house.operations.prune(LOCAL_OWNER) == {
        "outbox": 5,
        **dict.fromkeys(("webhook_deliveries", "idempotency_keys", "sign_in_failures"), 1),
        **dict.fromkeys(("access_tokens", "sessions", "request_counts"), 1),
        "documents": 3,
    }
    left = (
        outbox,
        webhook_deliveries,
        idempotency_keys,
        sign_in_failures,
        access_tokens,
        sessions,
        request_counts,
        documents,
    )
    assert counted(house, *left) == [2, 2, 1, 1, 1, 1, 1, 4], "tables to rate stay a year, answers for good"
    assert counted(house, audit_events) == [7]
    assert house.operations.prune(LOCAL_OWNER) == {}


def test_who_may_not_run_an_installation_forgets_nothing(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path, database_url=database_url("sqlite", tmp_path)))
    with pytest.raises(ForbiddenError):
        house.operations.prune(BANK)
