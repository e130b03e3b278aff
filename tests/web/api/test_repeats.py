"""A program that sends a request again gets its first answer; another request under the same key is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import UnavailableError
from ktop.kernel.sealing import Sealer
from ktop.store.unit_of_work import Store
from ktop.usecases.repeats.service import RepeatService
from ktop.web import errors
from ktop.web.api.rate_limits import RateLimits
from ktop.web.api.repeats import Repeats


class _Use:
    """What of the platform the middleware needs."""

    def __init__(self, store: Store, keys: Path) -> None:
        self.repeats = RepeatService(lambda: store, Sealer(keys / "sealing.key"))


@pytest.fixture(params=BACK_ENDS)
def made(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An application whose POST counts what happened; who asks is named by a header."""
    store = Store.open(database_url(request.param, tmp_path))
    app = FastAPI()
    app.state.platform = _Use(store, tmp_path)
    app.state.happened, app.state.wait, app.state.begun = [], threading.Event(), threading.Event()
    app.state.wait.set()

    @app.post("/api/v1/things", status_code=201)
    def things(request: Request, body: dict[str, Any], status: int = 201) -> Any:
        app.state.begun.set()
        app.state.wait.wait(10)
        app.state.happened.append(body)
        if status == 500:
            with store.unit(who(request)) as unit:
                unit.tell("thing.made", "1", {})
        if status >= 500:
            raise UnavailableError("store.database_failed")
        return {"number": len(app.state.happened)}

    def who(request: Request) -> Actor:
        return Actor(request.headers.get("x-who", "kim"), request.headers.get("x-at", "ibk"))

    for module in ("repeats", "rate_limits"):
        monkeypatch.setattr(f"ktop.web.api.{module}.actor", who)
    app.add_middleware(Repeats, refuse=errors.answer)
    errors.add_handlers(app)
    yield app
    store.engine.dispose()


def _post(client: TestClient, body: object, key: str = "key-00000001", **headers: str) -> Any:
    return client.post("/api/v1/things", json=body, headers={"idempotency-key": key, **headers})


def test_a_repeated_request_happens_once_and_is_answered_alike(made: FastAPI) -> None:
    client = TestClient(made)
    first, second = _post(client, {"a": 1}), _post(client, {"a": 1})
    assert first.status_code == second.status_code == 201 and first.content == second.content
    assert made.state.happened == [{"a": 1}]
    assert "idempotency-replayed" not in first.headers and second.headers["idempotency-replayed"] == "true"
    assert _post(client, {"a": 1}, "key-00000002").json() == {"number": 2}


def test_a_key_used_for_another_request_is_refused(made: FastAPI) -> None:
    client = TestClient(made)
    _post(client, {"a": 1})
    refused = _post(client, {"a": 2})
    assert (refused.status_code, refused.json()["code"]) == (422, "repeats.key_of_another")
    assert made.state.happened == [{"a": 1}]


def test_another_organisation_s_key_of_the_same_name_is_another(made: FastAPI) -> None:
    client = TestClient(made)
    assert _post(client, {"a": 1}).json() == {"number": 1}
    assert _post(client, {"a": 1}, **{"x-at": "tipa"}).json() == {"number": 2}, "nobody is given another's answer"


def test_a_colleague_is_not_given_the_answer(made: FastAPI) -> None:
    client = TestClient(made)
    _post(client, {"a": 1})
    refused = _post(client, {"a": 1}, **{"x-who": "lee"})
    assert (refused.status_code, refused.json()["code"]) == (422, "repeats.key_of_another")
    assert made.state.happened == [{"a": 1}]


def test_a_second_request_while_the_first_is_worked_on_is_told_so(made: FastAPI) -> None:
    client = TestClient(made)
    made.state.wait.clear()
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(_post(TestClient(made), {"a": 1})))
    first.start()
    assert made.state.begun.wait(10)
    second = _post(client, {"a": 1})
    made.state.wait.set()
    first.join(10)
    assert (second.status_code, second.json()["code"]) == (409, "repeats.in_progress")
    assert answers[0].status_code == 201 and made.state.happened == [{"a": 1}]
    assert _post(client, {"a": 1}).content == answers[0].content


def test_a_failure_of_ours_may_be_tried_again(made: FastAPI) -> None:
    client = TestClient(made, raise_server_exceptions=False)
    for _ in range(2):
        failed = client.post("/api/v1/things?status=503", json={}, headers={"idempotency-key": "key-00000003"})
        assert failed.status_code == 503
    assert len(made.state.happened) == 2


def test_what_was_done_but_not_answered_is_not_done_again(made: FastAPI) -> None:
    client = TestClient(made, raise_server_exceptions=False)
    sent = {"json": {}, "headers": {"idempotency-key": "key-00000004"}}
    assert client.post("/api/v1/things?status=500", **sent).status_code == 503
    again = client.post("/api/v1/things?status=500", **sent)
    assert (again.status_code, again.json()["code"]) == (409, "repeats.answer_lost")
    assert "thing.made 1" in again.json()["detail"] and len(made.state.happened) == 1


@pytest.mark.parametrize("key", ["short", "x" * 201, "with space", "키키키키키키키키".encode().decode("latin-1")])
def test_a_key_of_another_form_is_refused(made: FastAPI, key: str) -> None:
    refused = TestClient(made).post("/api/v1/things", json={}, headers={"idempotency-key": key.encode("latin-1")})
    assert (refused.status_code, refused.json()["code"]) == (422, "repeats.key_form")


def test_more_requests_than_allowed_are_told_when_to_come_again(made: FastAPI) -> None:
    made.add_middleware(RateLimits, refuse=errors.answer, per_minute=3)
    client = TestClient(made)
    answers = [client.post("/api/v1/things", json={}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert [answer.headers.get("ratelimit-remaining") for answer in answers[:3]] == ["2", "1", "0"]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert client.post("/api/v1/things", json={}, headers={"x-who": "park"}).status_code == 201
