"""``ktop audit`` tells whether the trail holds, by words and by exit status."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.store.unit_of_work import Store


def _ktop(data: Path, *given: str) -> subprocess.CompletedProcess[str]:
    import os

    environment = {**os.environ, "KTOP_DATA": str(data), "KTOP_LANG": "en"}
    return subprocess.run([sys.executable, "-m", "ktop", *given], capture_output=True, text=True, env=environment)


def test_a_trail_verifies_until_somebody_changes_it(tmp_path: Path) -> None:
    database = tmp_path / "ktop.sqlite3"
    store = Store.open(f"sqlite:///{database}")
    for number in range(3):
        with store.unit(LOCAL_OWNER) as unit:
            unit.tell("rating.made", str(number), {})
    store.engine.dispose()
    done = _ktop(tmp_path, "audit", "verify", "--json")
    assert done.returncode == 0 and set(json.loads(done.stdout)) == {"events", "root"}
    assert json.loads(done.stdout)["events"] == 3
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER audit_events_no_update")
        connection.execute("UPDATE audit_events SET subject = '7' WHERE number = 2")
    connection.close()
    done = _ktop(tmp_path, "audit", "verify", "--json")
    assert done.returncode == 1 and not done.stdout
    assert "event 2" in done.stderr and len(done.stderr.strip().splitlines()) == 1
