"""Starts the platform: prepares what a first start needs, says where it is, and serves."""

from __future__ import annotations

import socket

from ktop.cli.state import Session, terminal
from ktop.kernel.errors import UnavailableError
from ktop.kernel.logs import configure
from ktop.web.app import create_app
from ktop.web.connections import server
from ktop.worker.process import worker_beside


def run_server(at: Session, *, host: str | None, port: int | None) -> None:
    """Serve until interrupted. Raises ``UnavailableError`` where the port is taken."""
    configuration = at.settings
    configure(configuration.log, requests=configuration.log_requests)
    host, port = host or configuration.host, port or configuration.port
    _require_free(host, port)

    platform = at.platform
    if not platform.corpora.is_prepared(at.actor):
        terminal.note(terminal.say("server_preparing"))
        platform.corpora.prepare_in_background(at.actor)
    companies = len(platform.companies.example_companies(at.actor))
    app = create_app(configuration, platform)
    terminal.note(terminal.say("server_ready", address=f"http://{host}:{port}"))
    terminal.note(terminal.say("server_accounts", companies=companies))
    with worker_beside(configuration):
        server(app, configuration, host, port).run()


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise UnavailableError("cli.server_port_taken", port=port, other=port + 1) from None
