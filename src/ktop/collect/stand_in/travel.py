"""Ways to the stand-ins: within the process, for demos, or over HTTP from this machine, for trials and tests."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx

from ktop.catalogue import load
from ktop.collect.asking import Access
from ktop.collect.stand_in.services import KEY, Services

#: Where the stand-ins are within the process; the name leads nowhere.
WITHIN = "http://stand-in.invalid"
_LONGEST_BODY = 1_000_000
_DRIP_SECONDS = 0.02


def transport(services: Services) -> httpx.MockTransport:
    """Return a way that leaves no process: requests are answered by the stand-ins themselves."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = services.reply(request.url.path, dict(request.url.params), headers, request.read())
        return httpx.Response(reply.status, content=reply.content, headers={"content-type": reply.media_type})

    return httpx.MockTransport(answer)


def accesses(address: str = WITHIN, key: str = KEY) -> Mapping[str, Access]:
    """Return the access to every stand-in."""
    return {source: Access(f"{address}/{source}", key, key) for source in load("sources")["sources"]}


@contextmanager
def served(services: Services, port: int = 0) -> Iterator[str]:
    """Serve the stand-ins on this machine while the block runs; give their address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = min(int(self.headers.get("content-length") or 0), _LONGEST_BODY)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = services.reply(parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
            self.send_response(reply.status)
            self.send_header("content-type", reply.media_type)
            self.send_header("content-length", str(len(reply.content)))
            self.end_headers()
            with contextlib.suppress(OSError):  # who asked has left
                if reply.drips:
                    for at in range(len(reply.content)):
                        self.wfile.write(reply.content[at : at + 1])
                        time.sleep(_DRIP_SECONDS)
                self.wfile.write(reply.content[: len(reply.content) // 2] if reply.cut else reply.content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: addresses hold keys."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
