"""Joins a cluster: from this process, or, to ask a corpus, from a process beside it that may be lost.

Ray is loaded here and nowhere before. It ends a process whose head has been gone for a minute or is another one now,
and some of its calls never return where the head is gone. So whoever asks a corpus for long lets a process do that
which does nothing else: where that one ends, the next question starts another, which joins the head that stands then.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from multiprocessing.managers import BaseManager, RemoteError
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ktop.kernel.errors import KtopError, UnavailableError
from ktop.patents.cluster.index import Ask, ClusterIndex
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.cluster.security import ray_variables
from ktop.patents.engine.layout import IndexManifest

if TYPE_CHECKING:
    from ktop.patents.cluster.ray_shares import RayShares

#: Seconds that a head has to take a connection; it is a process of a private network.
_HEAD_SECONDS = 3.0
#: Seconds after which a process that does not get to join is followed by another one.
_JOIN_SECONDS = 180.0
#: Seconds between two looks whether the head is still there.
_HEAD_EVERY_SECONDS = 1.0
#: Seconds between two looks whether a node has come that holds fewer shares than others.
_SPREAD_EVERY_SECONDS = 20.0
#: Seconds between two attempts to have a process that asks: one that cannot be started is not tried on and on.
_AGAIN_SECONDS = 0.2
#: Seconds beyond those of an answer after which a process that asks is taken to hang.
_GRACE_SECONDS = 5.0


def joined(plan: ClusterPlan) -> ModuleType:
    """Join the cluster once in this process, and return what asks it (``ray_shares``).

    Ray ends this process a minute after the cluster's head is lost.

    Raises ``UnavailableError`` where it does not answer, the token is not its own, or Ray is not installed.
    """
    reached_from = _require_head(plan)
    os.environ |= ray_variables(plan.token)  # read once, when Ray is loaded
    try:
        from ktop.patents.cluster import ray_shares  # Ray is not installed where one machine is enough
    except ImportError as error:
        raise UnavailableError("cluster.not_installed") from error
    ray_shares.connect(plan, plan.own_node or reached_from)
    return ray_shares


def _require_head(plan: ClusterPlan) -> str:
    """Return the address of this machine in the head's network; others reach this process by it.

    Ray would guess that of the way into the internet, which another network may be, or none.

    Raises ``UnavailableError`` where nobody listens at the head's address: Ray would try for over a minute.
    """
    host, _, port = plan.address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _HEAD_SECONDS) as way:
            return str(way.getsockname()[0])
    except (OSError, ValueError) as error:
        raise UnavailableError("cluster.unreachable", address=plan.address) from error


def open_on_cluster(directory: Path | str, plan: ClusterPlan) -> ClusterIndex:
    """Return the generation of a corpus in force, held by the cluster.

    Shares that are there already are used as they are; others are opened, which takes seconds: nothing is built. The
    folder must lie at the same path on every node. Shares of former generations end once nobody asks them any more.
    Where the cluster's head was lost and a new one stands, later questions join that one and have the shares opened.

    Raises ``UnavailableError`` where the cluster does not answer in time; so does each question.
    """

    def attach(manifest: IndexManifest, places: list[tuple[int, ...]]) -> Ask:
        dealt = _Dealt(Path(directory).resolve(), manifest.generation, tuple(places), plan)
        _ask(dealt)
        return functools.partial(_ask, dealt)

    return ClusterIndex(directory, plan.shares, attach)


@dataclass(frozen=True, slots=True)
class _Dealt:
    """One generation of a corpus as it is dealt out: its number, and the places of the segments of each share."""

    directory: Path
    generation: int
    places: tuple[tuple[int, ...], ...]
    plan: ClusterPlan


def _ask(dealt: _Dealt, question: str | None = None, arguments: Sequence[tuple[Any, ...] | None] = ()) -> list[Any]:
    """Ask the shares (see ``RayShares.ask``) by the process beside this one; without a question only open them.

    A process that is lost meanwhile is followed by another one while there is time.
    """
    started = time.monotonic()
    while True:
        beside = None
        try:
            beside = _beside_us(dealt.plan)
            found: list[Any] = beside.asker.ask(dealt, question, arguments, time.monotonic() - started)
        except (EOFError, OSError, RemoteError) as error:
            _given_up(dealt.plan, beside)
            if time.monotonic() - started > dealt.plan.seconds:
                raise UnavailableError("cluster.lost") from error
            time.sleep(_AGAIN_SECONDS)
        else:
            return found


class _Asker:
    """What a process beside another one does: asks the cluster for it, and ends with the head that it joined."""

    def __init__(self, plan: ClusterPlan) -> None:
        self._lock = threading.Lock()
        self._cluster: Future[ModuleType] = Future()
        self._opened: dict[_Dealt, RayShares] = {}
        for work in (self._join, self._spread_on, _end_with_head):
            threading.Thread(target=work, args=(plan,), daemon=True).start()

    def _join(self, plan: ClusterPlan) -> None:
        """Join the cluster, which may take longer than an answer: whoever cannot wait asks again."""
        _end_after(_JOIN_SECONDS, until=self._cluster)
        try:
            self._cluster.set_result(joined(plan))
        except KtopError as error:
            self._cluster.set_exception(error)
            _end_after(_HEAD_EVERY_SECONDS)  # another process will try again
        except BaseException:
            os._exit(1)

    def _spread_on(self, plan: ClusterPlan) -> None:
        """Have nodes that come later hold shares as well, one share at a time."""
        self._cluster.result()
        while True:
            time.sleep(_SPREAD_EVERY_SECONDS)
            with self._lock:
                opened = list(self._opened.values())
            looked: Future[None] = Future()
            _end_after(plan.seconds + _GRACE_SECONDS, until=looked)
            for shares in opened:
                shares.spread()
            looked.set_result(None)

    def ask(self, dealt: _Dealt, question: str | None, arguments: Sequence[Any], spent: float) -> list[Any]:
        """Ask the shares a question, so many seconds after it was asked; see ``_ask``."""
        left = max(0.0, dealt.plan.seconds - spent)
        answered: Future[None] = Future()
        try:
            cluster = self._cluster.result(left)
            _end_after(left + _GRACE_SECONDS, until=answered)
            with self._lock:
                if dealt not in self._opened:
                    self._opened[dealt] = cluster.opened_shares(
                        dealt.directory, dealt.generation, list(dealt.places), dealt.plan, spent
                    )
                shares = self._opened[dealt]
            return [] if question is None else shares.ask(question, arguments, spent)
        except FutureTimeoutError as error:
            raise UnavailableError("cluster.late", seconds=dealt.plan.seconds) from error
        except Exception as error:
            if type(error).__module__.startswith("ray."):  # who asks does not know Ray
                raise UnavailableError("cluster.lost") from error
            raise
        finally:
            answered.set_result(None)


def _end_after(seconds: float, until: Future[Any] | None = None) -> None:
    """End this process in so many seconds, unless something is over by then: Ray lets some calls wait for ever."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
    if until is not None:
        until.add_done_callback(lambda _: timer.cancel())


def _end_with_head(plan: ClusterPlan) -> None:
    """End this process once nobody listens at the head's address, which Ray would wait for."""
    while True:
        time.sleep(_HEAD_EVERY_SECONDS)
        try:
            _require_head(plan)
        except UnavailableError:
            os._exit(1)


class _Manager(BaseManager):
    """Starts the process beside this one."""


_Manager.register("asker", _Asker, exposed=("ask",))


class _Beside:
    """The process beside this one."""

    def __init__(self, plan: ClusterPlan) -> None:
        self._manager = _Manager(ctx=multiprocessing.get_context("spawn"))  # fork would copy a process of many threads
        self._manager.start(_begin)
        self.asker: Any = vars(_Manager)["asker"](self._manager, plan)


def _begin() -> None:
    """Let a new process end with the one that started it, and what Ray says to its own logs."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(0)


_starting = threading.Lock()
_beside: dict[tuple[str, Path], _Beside] = {}


def _beside_us(plan: ClusterPlan) -> _Beside:
    """Return the process that asks this cluster for ours, started where there is none."""
    with _starting:
        key = (plan.address, plan.token)
        if key not in _beside:
            _require_head(plan)
            _beside[key] = _Beside(plan)
        return _beside[key]


def _given_up(plan: ClusterPlan, lost: _Beside | None) -> None:
    """Let another process follow one that is lost."""
    with _starting:
        if lost is not None and _beside.get((plan.address, plan.token)) is lost:
            del _beside[plan.address, plan.token]


def leave() -> None:
    """End the processes that ask for this one."""
    with _starting:
        _beside.clear()
