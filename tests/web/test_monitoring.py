"""A monitor learns what it needs, and nothing that an organisation keeps."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fake_platform import FakePlatform
from starlette.testclient import TestClient

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import UnavailableError
from ktop.kernel.settings import Settings
from ktop.web.app import create_app


class _Watched(FakePlatform):
    """The stand-in platform with an installation's health."""

    database = True

    @property
    def operations(self) -> _Watched:
        return self

    def ready(self, actor: Actor) -> dict[str, bool]:
        return {"database": self.database, "models": True, "corpus": False}

    def figures(self, actor: Actor) -> dict[str, float]:
        if not self.database:
            raise UnavailableError("store.database_failed")
        return {"jobs_waiting": 3, "events_unsealed": 7}


def _client(tmp_path: Path, **settings: object) -> tuple[TestClient, _Watched]:
    platform = _Watched()
    chosen = Settings(solo=True, data=tmp_path, **settings)
    return TestClient(create_app(chosen, platform), raise_server_exceptions=False), platform  # type: ignore[arg-type]


def test_a_server_says_that_it_lives_and_whether_it_is_ready(tmp_path: Path) -> None:
    client, platform = _client(tmp_path)
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").json() == {"ready": True, "database": True, "models": True, "corpus": False}
    platform.database = False
    assert client.get("/readyz").status_code == 503 and client.get("/healthz").status_code == 200


def test_figures_know_routes_and_no_addresses(tmp_path: Path) -> None:
    client, platform = _client(tmp_path)
    client.get("/api/v1/ratings/0123456789abcdef")
    client.get("/ratings/0123456789abcdef")
    client.get("/비밀")
    figures = client.get("/metrics").text
    assert 'ktop_requests_total{method="GET",route="/api/v1/ratings/{rating_id}",status="404"} 1.0' in figures
    assert "0123456789abcdef" not in figures and "비밀" not in figures
    assert "ktop_jobs_waiting 3.0" in figures and "ktop_events_unsealed 7.0" in figures
    platform.database = False
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip"])
def test_figures_are_for_this_machine_alone_without_a_token(tmp_path: Path, header: str) -> None:
    client, _ = _client(tmp_path)
    assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 404


def test_figures_are_for_who_has_the_token(tmp_path: Path) -> None:
    client, _ = _client(tmp_path, metrics_token="t" * 32)
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer x"}).status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer " + "t" * 32}).status_code == 200
    assert "t" * 32 not in repr(Settings(metrics_token="t" * 32))


def test_every_answer_has_a_number_and_a_made_up_one_is_not_taken_over(tmp_path: Path) -> None:
    client, _ = _client(tmp_path)
    assert re.fullmatch("[0-9a-f]{16}", client.get("/healthz").headers["x-request-id"])
    assert client.get("/healthz", headers={"x-request-id": "trace-0001"}).headers["x-request-id"] == "trace-0001"
    forged = client.get("/healthz", headers={"x-request-id": 'a" level=error\x7f'}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", forged)


def test_a_request_is_logged_by_its_route(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client, _ = _client(tmp_path)
    with caplog.at_level(logging.INFO, "ktop.web.requests"):
        client.get("/api/v1/ratings/0123456789abcdef?lang=en")
    (line,) = [record for record in caplog.records if record.name == "ktop.web.requests"]
    assert (line.route, line.status) == ("/api/v1/ratings/{rating_id}", 404)  # type: ignore[attr-defined]
    assert "0123456789abcdef" not in str(vars(line))


_LOGGED = """
import logging, sys
from ktop.kernel.logs import configure
configure(sys.argv[1], requests=True)
logging.getLogger("ktop.web.requests").info("request", extra={"route": "/r/{id}", "ms": 1.5})
logging.getLogger("other").info("not shown")
logging.getLogger("other").warning("line one\\nline two %s", "한글")
"""


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_log_has_one_line_an_event(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", _LOGGED, form], capture_output=True, text=True, check=True)
    assert "not shown" not in done.stderr and "한글" in done.stderr and "/r/{id}" in done.stderr
    if form == "json":
        first, second = (json.loads(line) for line in done.stderr.splitlines())
        assert first["route"] == "/r/{id}" and first["level"] == "info"
        assert second["event"] == "line one\nline two 한글"
