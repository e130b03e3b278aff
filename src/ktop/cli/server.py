"""Starts the platform: prepares what a first start needs, says where it is, and serves."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

from ktop.cli.state import Session, terminal
from ktop.domain.party.permission import role_names
from ktop.kernel.errors import UnavailableError
from ktop.kernel.logs import configure
from ktop.kernel.settings import Settings
from ktop.usecases.demo.interface import DemoAccount
from ktop.web.app import create_app
from ktop.web.connections import server
from ktop.web.processes import Processes, end_with_parent, listening
from ktop.web.security import is_of_this_machine
from ktop.worker.process import worker_beside


def run_server(
    at: Session,
    *,
    host: str | None,
    port: int | None,
    solo: bool = False,
    processes: int | None = None,
    beside: int | None = None,
) -> None:
    """Serve until interrupted, in one process or several.

    ``beside`` is the number of one of several: the process that starts them has prepared what a first start needs.

    Raises ``UnavailableError`` where the port is taken, and where strangers would reach what is not meant for them: an
    installation without accounts, with demonstration accounts, or without TLS.
    """
    # before the platform opens: it names its address in letters and signed results, and its settings to the operator
    at = at.given(host=host, port=port, solo=solo or None, web_processes=processes)
    configuration = at.settings
    configure(configuration.log, requests=configuration.log_requests)
    host, port = configuration.host, configuration.port
    if beside is not None:
        _serve_beside(at, configuration, host, port, first=beside == 0)
        return
    _require_free(host, port)

    platform = at.platform
    demo = _accounts_to_try(at, configuration, host)
    if not platform.corpora.is_prepared(at.actor):
        terminal.note(terminal.say("server_preparing"))
        if configuration.web_processes == 1:
            platform.corpora.prepare_in_background(at.actor, _corpus_ready)
    terminal.note(terminal.say("server_ready", address=f"http://{host}:{port}"))
    _tell_accounts(configuration, demo)
    with worker_beside(configuration):
        if configuration.web_processes == 1:
            server(create_app(configuration, platform), configuration, host, port).run()
        else:
            with listening(host, port) as reserved:  # bound for as long as the processes come and go, never listening
                _processes(configuration, host, reserved.getsockname()[1]).run()


def _processes(configuration: Settings, host: str, port: int) -> Processes:
    command = [sys.executable, "-m", "ktop", "serve", "--data", str(configuration.data), "--host", host]
    command += ["--port", str(port), "--processes", str(configuration.web_processes)]
    command += ["--solo"] if configuration.solo else []
    return Processes([*command, "--beside"], configuration.web_processes, configuration.grace_seconds + 5)


def _serve_beside(at: Session, configuration: Settings, host: str, port: int, *, first: bool) -> None:
    """Serve as one of several processes; the first one prepares the corpus where it is not there yet."""
    if first and not at.platform.corpora.is_prepared(at.actor):
        at.platform.corpora.prepare_in_background(at.actor, _corpus_ready)
    serving = server(create_app(configuration, at.platform), configuration, host, port)
    end_with_parent(lambda: setattr(serving, "should_exit", True))
    with listening(host, port) as socket_of_this:
        serving.run([socket_of_this])


def _accounts_to_try(at: Session, configuration: Settings, host: str) -> Sequence[DemoAccount]:
    """Return the demonstration accounts, made at a first start; refuse what strangers must not reach."""
    beyond = not is_of_this_machine(host) or bool(configuration.public_url or configuration.hosts)
    if configuration.solo:
        if beyond:
            raise UnavailableError("cli.server_solo_beyond")
        return ()
    if not is_of_this_machine(host) and not configuration.public_url.startswith("https://"):
        raise UnavailableError("cli.server_without_tls")
    if beyond:
        if at.platform.demo.accounts_open(at.actor):
            raise UnavailableError("cli.server_demo_beyond")
        return ()
    if not configuration.demo:
        return ()
    accounts = at.platform.demo.prepare(at.actor)
    if accounts:
        at.platform.demo.furnish(at.actor)
    return accounts


def _tell_accounts(configuration: Settings, demo: Sequence[DemoAccount]) -> None:
    if configuration.solo:
        terminal.note(terminal.say("server_solo"))
    if demo:
        terminal.note(terminal.say("server_demo", file=str(configuration.data / "demo-accounts.json")))
        for one in demo:
            role = role_names()[one.role][terminal.lang]
            terminal.note(f"  {one.login:<20} {one.password:<18} {role} ({one.organisation})")


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise UnavailableError("cli.server_port_taken", port=port, other=port + 1) from None


def _corpus_ready() -> None:
    terminal.note(terminal.say("server_corpus_ready"))
