"""What the database's connections see to themselves: numbers to the last bit, a server that was started again."""

from __future__ import annotations

import contextlib
import json

import psycopg
import pytest
from databases import migrated_postgresql
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import UnavailableError
from ktop.store import database
from ktop.store.unit_of_work import Store

KIM = Actor("kim", "ibk")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


@given(VALUES)
def test_values_are_read_as_the_standard_library_reads_them(value: object) -> None:
    written = json.dumps(value)  # half characters among them
    assert repr(database._from_json(written)) == repr(json.loads(written))


def test_a_connection_that_rested_is_tried_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    url = migrated_postgresql()
    store = Store(database.connect(url))
    try:
        for rest_seconds, works in ((60.0, False), (0.0, True)):
            monkeypatch.setattr(database, "_REST_SECONDS", rest_seconds)
            with store.reading(KIM) as unit:
                assert unit.ratings.recent() == []
            with psycopg.connect(url, autocommit=True) as other:  # the server ends the connection that rests
                other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            with contextlib.nullcontext() if works else pytest.raises(UnavailableError), store.reading(KIM) as unit:
                assert unit.ratings.recent() == []
    finally:
        store.engine.dispose()
