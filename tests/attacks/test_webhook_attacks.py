"""SSRF by webhook: no address leads into a private network, however it is written, redirected or looked up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import InputError
from ktop.kernel.sealing import Sealer
from ktop.store.unit_of_work import Store
from ktop.usecases.webhooks import sending
from ktop.usecases.webhooks.sending import Outcome, checked_url, in_own_loop, is_public, resolved, send
from ktop.usecases.webhooks.service import WebhookService

PRIVATE = (
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "fe80::1", "fe80::1%lo"),
    *("fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
    *("2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "not an address", ""),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "223.130.192.1", "2606:4700::1111", "::ffff:8.8.8.8", "2400:cb00::1")
#: Addresses of this machine, written so that a filter of texts would not know them.
DISGUISED = (
    *("https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/"),
    *("https://0177.0.0.1/", "https://017700000001/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"),
    *("https://[0:0:0:0:0:ffff:7f00:0001]/", "https://localhost/", "https://LOCALHOST./", "https://0/"),
    *("https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://10.0.0.7:8443/admin"),
)
NO_ADDRESSES = (
    *("http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "8.8.8.8", ""),
    *("https://", "https:///path", "https://user:secret@8.8.8.8/", "https://127.0.0.1@8.8.8.8/", "https://8.8.8.8#@1/"),
    *("https://8.8.8.8:99999/", "https://8.8.8.8:x/", "https://8.8.8.8:0/", "https://8.8.8.8\\@127.0.0.1/"),
    *("https://8.8.8.8/\r\nhost: evil", "https://8.8.8.8/ x", "https://８.8.8.8/", "https://ⓔxample.com/"),
    *("https://a\x00b/", "https://" + "a" * 2_000, "https://[::1", "javascript:alert(1)"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_to_send_to(url: str) -> None:
    with pytest.raises(InputError):
        checked_url(url, anywhere=False)


@pytest.mark.parametrize("url", DISGUISED)
def test_this_machine_is_known_however_it_is_written(url: str, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    service = WebhookService(lambda: store, Sealer(tmp_path / "k"))
    with pytest.raises(InputError) as refused:
        service.add(LOCAL_OWNER, url, ["rating"])
    assert refused.value.key == "webhooks.not_public"
    assert in_own_loop(send(url, b"{}", {})) == Outcome(None, "webhooks.not_public")
    assert service.webhooks(LOCAL_OWNER) == []


def _names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names lead to the addresses given, one list a look-up; return the names looked up."""
    asked: list[str] = []
    waiting = list(answers)

    def looked_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return asked


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["2606:4700::1111", "::1"], ["::ffff:169.254.169.254"]]
)
def test_a_name_that_leads_inside_by_any_of_its_addresses_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    _names(monkeypatch, addresses)
    with pytest.raises(InputError):
        in_own_loop(resolved("looks-fine.example", 443, anywhere=False))


class Trap:
    """A server on this machine that notes whether anybody connects, and answers as it is told to."""

    def __init__(self, answer: bytes = b"", *, slowly: bool = False) -> None:
        self.answer, self.slowly, self.visited, self.heard = answer, slowly, threading.Event(), b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.visited.set()
            with connection:
                try:
                    self.heard += connection.recv(65536)
                    if not self.slowly:
                        connection.sendall(self.answer)
                    while self.slowly and not self.over.wait(0.05):
                        connection.sendall(b"x")  # a byte of the status line now and then, for ever
                except OSError:
                    continue


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.over.set()
    made.socket.close()


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, trap: Trap
) -> None:
    """DNS rebinding: the second look-up would lead to this machine."""
    asked = _names(monkeypatch, ["192.0.2.10"], ["127.0.0.1"])
    monkeypatch.setattr(sending, "is_public", lambda address: address == "192.0.2.10")  # an address nobody has
    outcome = in_own_loop(send(f"https://rebinding.example:{trap.port}/", b"{}", {}, seconds=1.0))
    assert asked[:1] == ["rebinding.example"] and "rebinding.example" not in asked[1:]
    assert outcome.status is None and not trap.visited.is_set()


def test_a_redirect_is_not_followed(trap: Trap) -> None:
    inside = Trap()
    trap.answer = f"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:{inside.port}/\r\ncontent-length: 0\r\n\r\n".encode()
    outcome = in_own_loop(send(f"http://127.0.0.1:{trap.port}/", b"{}", {}, anywhere=True))
    assert outcome == Outcome(307) and not outcome.arrived
    assert trap.visited.is_set() and not inside.visited.is_set()
    inside.socket.close()


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, trap: Trap) -> None:
    proxy = Trap()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    trap.answer = b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n"
    assert in_own_loop(send(f"http://127.0.0.1:{trap.port}/", b"{}", {}, anywhere=True)).arrived
    assert not proxy.visited.is_set()
    proxy.socket.close()


def test_a_receiver_that_trickles_its_answer_holds_nobody_up() -> None:
    slow = Trap(slowly=True)
    outcome = in_own_loop(send(f"http://127.0.0.1:{slow.port}/", b"{}", {}, anywhere=True, seconds=0.5))
    slow.over.set()
    slow.socket.close()
    assert outcome.status is None and outcome.problem in ("webhooks.too_slow", "webhooks.not_reached")


def test_an_endless_answer_is_not_read(trap: Trap) -> None:
    trap.answer = b"HTTP/1.1 200 x\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 60_000
    assert in_own_loop(send(f"http://127.0.0.1:{trap.port}/", b"{}", {}, anywhere=True)).arrived


@pytest.mark.parametrize("answer", [b"", b"\x00\xff garbage", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 99999 x\r\n\r\n"])
def test_an_answer_that_is_no_http_is_a_failure_of_theirs(trap: Trap, answer: bytes) -> None:
    trap.answer = answer
    outcome = in_own_loop(send(f"http://127.0.0.1:{trap.port}/", b"{}", {}, anywhere=True))
    assert not outcome.arrived


def test_an_untrusted_certificate_is_refused(trap: Trap) -> None:
    trap.answer = b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n"  # no TLS at all
    outcome = in_own_loop(send(f"https://127.0.0.1:{trap.port}/", b"secret", {}, anywhere=True))
    assert outcome.status is None and b"secret" not in trap.heard
