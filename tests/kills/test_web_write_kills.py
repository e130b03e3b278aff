"""The server killed while it writes: what it has acknowledged is there after any kill, with its audit event."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import threading
import time
from pathlib import Path
from typing import Any

import killed_work
from killing import LONG_SECONDS, started
from sqlalchemy import create_engine, func, select

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.store.tables import audit_events, outbox, ratings
from ktop.usecases.companies.examples import example_record

#: A long run: ``KTOP_KILLS=16 ./test tests/kills``.
KILLS = int(os.environ.get("KTOP_KILLS", "3"))
CLIENTS = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    stop = time.monotonic() + LONG_SECONDS
    while time.monotonic() < stop:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the server did not start")


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(36)
    record = example_record("hanbit-motion")
    acknowledged: dict[str, Any] = {}
    for number in range(KILLS):
        port = free_port()
        server = started(killed_work.serving, tmp_path, port)
        wait_for(port)
        enough = threading.Event()

        def write(port: int = port, enough: threading.Event = enough, number: int = number) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
            body = json.dumps({"record": record | {"name": f"Hanbit {number}"}, "as_of": "2026-06-30"}, default=str)
            try:
                while True:
                    connection.request("POST", "/api/v1/ratings/company", body, {"content-type": "application/json"})
                    answer = connection.getresponse()
                    content = json.loads(answer.read())
                    assert answer.status == 201, content
                    acknowledged[content["id"]] = content
                    enough.set()
            except (OSError, http.client.HTTPException, ValueError):
                return  # the server is gone

        clients = [threading.Thread(target=write) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        assert enough.wait(LONG_SECONDS)
        time.sleep(chance.uniform(0.0, 0.2))
        server.kill()
        server.join(LONG_SECONDS)
        for client in clients:
            client.join(LONG_SECONDS)
        assert len(acknowledged) > number
    house = House(Settings(data=tmp_path, corpus=None, database_url=None))
    for key, content in acknowledged.items():
        kept = house.ratings.rating(LOCAL_OWNER, key)
        assert json.loads(json.dumps(kept.ratings)) == content["ratings"]
        assert kept.as_of.isoformat() == content["as_of"]
    with create_engine(f"sqlite:///{tmp_path / 'ktop.sqlite3'}").connect() as connection:
        count = {
            table: connection.scalar(select(func.count()).select_from(table))
            for table in (ratings, audit_events, outbox)
        }
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert count[ratings] == count[audit_events] == count[outbox]
    assert len(acknowledged) <= count[ratings] <= len(acknowledged) + KILLS * CLIENTS
