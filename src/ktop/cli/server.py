"""Starts the platform: prepares what a first start needs, says where it is, and serves."""

from __future__ import annotations

import socket

from ktop.cli.state import terminal
from ktop.kernel.errors import UnavailableError
from ktop.kernel.settings import Settings


def run_server(configuration: Settings, *, host: str | None, port: int | None) -> None:
    """Serve until interrupted. Raises ``UnavailableError`` where the port is taken."""
    host, port = host or configuration.host, port or configuration.port
    _require_free(host, port)

    from ktop.usecases.platform import Platform

    platform = Platform(configuration)
    if not platform.is_prepared():
        terminal.note(terminal.say("server_preparing"))
        platform.prepare_in_background()

    from ktop.web.app import create_app
    from ktop.web.connections import server

    app = create_app(configuration, platform)
    terminal.note(terminal.say("server_ready", address=f"http://{host}:{port}"))
    terminal.note(terminal.say("server_accounts", companies=len(platform.demo_companies())))
    server(app, configuration, host, port).run()


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise UnavailableError("cli.server_port_taken", port=port, other=port + 1) from None
