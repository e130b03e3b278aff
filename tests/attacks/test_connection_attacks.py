"""Senders that are slow, idle, too many or broken, against a server on a real socket; and the end of a server."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_platform import FakePlatform

import ktop.web.connections
from ktop.kernel.settings import Settings
from ktop.web.app import create_app
from ktop.web.connections import server

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
RATE = "/api/v1/ratings/technology"
LONG_SECONDS = 30.0  # no test waits this long unless it fails


class Holding(FakePlatform):
    """A platform whose ratings wait until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def rate_technology(self, actor: Any, text: str, as_of: Any) -> Any:
        self.inside.release()
        assert self.go.wait(LONG_SECONDS)
        return super().rate_technology(actor, text, as_of)

    def model_cards(self, actor: Any) -> Any:
        raise RuntimeError("not to be logged: 가온정밀 900101")


@contextmanager
def serving(folder: Path, services: FakePlatform | None = None, **set_to: Any) -> Iterator[int]:
    settings = Settings(solo=True, data=folder, **set_to)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    app = create_app(settings, services or FakePlatform())
    app.state.fonts.warm = lambda: None  # cutting fonts takes longer than what is tried here
    made = server(app, settings, "127.0.0.1", port)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    while not made.started:
        time.sleep(0.01)
    try:
        yield port
    finally:
        made.should_exit = True
        thread.join(LONG_SECONDS)


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), LONG_SECONDS)


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


BAD = [
    ("POST", RATE, b'{"text": "\\ud800"}', {"content-type": "application/json"}, 422),
    ("POST", RATE, b'{"te\\udfffxt": 1}', {"content-type": "application/json"}, 422),
    ("POST", RATE, b"{}", {"content-type": "application/json; charset=nonsense"}, 422),
    ("POST", "/technology", b"csrf=%ED%A0%80", {"content-type": "application/x-www-form-urlencoded; charset=x"}, 403),
    (
        "POST",
        "/technology",
        b'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n\\ud800\r\n--b--\r\n',
        {"content-type": "multipart/form-data; boundary=b; charset=unicode_escape"},
        422,
    ),
    (
        "POST",
        "/technology",
        b'--b\r\ncontent-disposition: form-data; name="\\ud800"\r\n\r\nx\r\n--b--\r\n',
        {"content-type": "multipart/form-data; boundary=b; charset=unicode_escape"},
        422,
    ),
    ("POST", "/technology", b"x" * 100_000, {"content-type": "multipart/form-data; boundary=b; charset=zlib"}, 422),
    ("POST", "/nope", b"x" * 200_000, {}, 404),
    ("PUT", "/", b"x" * 200_000, {}, 405),
    ("POST", RATE, b"x" * 3_000_000, {"content-type": "application/json"}, 413),
    ("GET", "/api/v1/models", b"", {}, 500),
]


def test_no_bad_request_breaks_the_kept_connection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tmp_path, Holding()) as port:
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
        kept.connect()
        own = kept.sock.getsockname()
        for method, path, body, headers, status in BAD:
            kept.request(method, path, body, headers)
            answer = kept.getresponse()
            content = answer.read()
            assert answer.status == status, (method, path, headers, content[:300])
            assert not answer.will_close
            kept.request("GET", "/favicon.ico")
            assert kept.getresponse().read()
            assert kept.sock is not None
            assert kept.sock.getsockname() == own
    logged = caplog.text
    assert "RuntimeError" in logged
    assert "가온정밀" not in logged
    assert "900101" not in logged


def test_a_failure_has_a_number_that_stands_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tmp_path, Holding()) as port:
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
        kept.request("GET", "/api/v1/models?lang=en")
        told = json.loads(kept.getresponse().read())
    assert told["code"] == "web.unexpected"
    number = told["detail"].rstrip(".").rsplit(" ", 1)[1]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ktop.web"]
    assert number in line
    assert "GET /api/v1/models: RuntimeError" in line
    assert "900101" not in caplog.text


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n", b"GET"])
def test_a_head_that_does_not_arrive_ends_the_connection(tmp_path: Path, sent: bytes) -> None:
    with serving(tmp_path, header_seconds=0.3) as port, opened(port) as connection:
        connection.sendall(sent)
        assert everything(connection) == b""


def test_bytes_that_trickle_in_do_not_set_the_time_back(tmp_path: Path) -> None:
    with serving(tmp_path, header_seconds=0.5) as port, opened(port) as connection:
        connection.settimeout(0.05)
        began = time.monotonic()
        closed = False
        while not closed and time.monotonic() - began < LONG_SECONDS:
            try:
                connection.sendall(b"G")
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed


def test_a_body_that_does_not_arrive_is_answered_and_the_connection_closed(tmp_path: Path) -> None:
    head = f"POST {RATE} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{{"
    with serving(tmp_path, body_seconds=0.3, header_seconds=0.3) as port, opened(port) as connection:
        connection.sendall(head.encode())
        found = everything(connection)
    assert found.startswith(b"HTTP/1.1 408")
    assert b"web.body_too_slow" in found
    assert b"connection: close" in found.lower()


def test_a_client_that_never_reads_its_answers_holds_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ktop.web.connections, "_UNREAD_SECONDS", 0.3)
    with serving(tmp_path) as port, socket.socket() as mute:
        mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mute.connect(("127.0.0.1", port))
        mute.settimeout(LONG_SECONDS)
        with pytest.raises(ConnectionError):  # it sends on until the server has gone, and reads nothing
            while True:
                mute.sendall(b"GET /methods HTTP/1.1\r\nhost: localhost\r\n\r\n" * 50)
        with opened(port) as other:  # whoever reads is answered
            other.sendall(b"GET /methods HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            assert everything(other).startswith(b"HTTP/1.1 200")


def test_further_connections_are_told_so(tmp_path: Path) -> None:
    with serving(tmp_path, connections=2, header_seconds=LONG_SECONDS) as port:
        with opened(port) as first, opened(port) as second, opened(port) as third:
            assert b"retry-after" in everything(third)
            first.sendall(b"GET /favicon.ico HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            assert everything(first).startswith(b"HTTP/1.1 200")
            assert second
        with opened(port) as later:
            later.sendall(b"GET /favicon.ico HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            assert everything(later).startswith(b"HTTP/1.1 200")


def test_ratings_beyond_the_queue_are_shed_and_reads_go_on(tmp_path: Path) -> None:
    services = Holding()
    statuses: list[int] = []

    def ask(port: int) -> None:
        own = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
        own.request("POST", RATE, json.dumps({"text": "가" * 300}), {"content-type": "application/json"})
        answer = own.getresponse()
        answer.read()
        statuses.append(answer.status)
        if answer.status == 503:
            assert int(answer.headers["retry-after"]) >= 1

    with serving(tmp_path, services, ratings_at_once=2, ratings_waiting=3) as port:
        clients = [threading.Thread(target=ask, args=(port,)) for _ in range(60)]
        for client in clients:
            client.start()
        for _ in range(2):
            assert services.inside.acquire(timeout=LONG_SECONDS)
        while len(statuses) < 55:
            time.sleep(0.01)
        reader = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
        reader.request("GET", "/api/v1/schema/company")
        assert reader.getresponse().status == 200
        services.go.set()
        for client in clients:
            client.join(LONG_SECONDS)
    assert sorted(statuses) == [201] * 5 + [503] * 55


PROGRAM = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fake_platform import FakePlatform
from ktop.kernel.settings import Settings
from ktop.web.app import create_app
from ktop.web.connections import server
class Stuck(FakePlatform):
    def rate_technology(self, actor, text, as_of):
        print("inside", flush=True)
        threading.Event().wait()
settings = Settings(solo=True, data=Path(sys.argv[2]), grace_seconds=1)
server(create_app(settings, Stuck()), settings, "127.0.0.1", int(sys.argv[3])).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_a_job_that_never_ends_ends_itself(tmp_path: Path, number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-c", PROGRAM, str(FIXTURES), str(tmp_path), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)) as process:
        assert process.stdout is not None
        while True:
            try:
                connection = opened(port)
                break
            except ConnectionRefusedError:
                assert process.poll() is None
                time.sleep(0.05)
        body = json.dumps({"text": "x" * 300})
        connection.sendall(
            f"POST {RATE} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        assert process.stdout.readline() == b"inside\n"
        process.send_signal(number)
        try:
            process.wait(LONG_SECONDS)
        finally:
            process.kill()
        connection.close()
