"""Shares as Ray actors: found or started by name, asked together within a time, never answered for by a part of them.

Ray's actors come back after their process or node is lost and a call to one is made again (Moritz et al. 2018); what a
share is asked changes nothing, so that a call made twice is a call made once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray.exceptions import ActorUnschedulableError, GetTimeoutError, RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ktop.kernel.errors import UnavailableError
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.cluster.security import NAMESPACE
from ktop.patents.cluster.share import Share
from ktop.patents.engine.layout import Layout

#: Seconds without a question after which the shares of a generation no longer in force are ended.
IDLE_SECONDS = 60.0
#: Seconds without an answer after which a replica is asked, too.
_PATIENCE_SECONDS = 1.0
#: Seconds between two attempts to place shares while a lost node is still taken for alive.
_AGAIN_SECONDS = 0.5
#: What a call to an actor ends with that has no place any more.
_LOST = (RayActorError, ActorUnschedulableError)
_SHARE = "share-"
#: Nice value of what nodes work out beside answering.
_TASK_NICE = 10

Part = TypeVar("Part")
Answer = TypeVar("Answer")


class ShareActor:
    """A ``Share`` in a process of its own."""

    def __init__(self, directory: str, generation: int, places: Sequence[int]) -> None:
        self._share = Share(directory, generation, places)
        self._asked = time.monotonic()

    def ready(self) -> bool:
        """Answer that the share is open."""
        return True

    def where(self) -> tuple[str, int]:
        """Return the id of the node and the number of the process."""
        return ray.get_runtime_context().get_node_id(), os.getpid()

    def idle_seconds(self) -> float:
        """Return how long nothing has been asked."""
        return time.monotonic() - self._asked

    def ask(self, question: str, arguments: Sequence[Any]) -> Any:
        """Answer a question, or give back the error that is told to the user."""
        self._asked = time.monotonic()
        return self._share.ask(question, arguments)


_connecting = threading.Lock()


def connect(plan: ClusterPlan, own_node: str) -> None:
    """Join the cluster once in this process, by the node of this machine at an address.

    Raises ``UnavailableError`` where it does not answer or the token is not its own.
    """
    with _connecting:
        if ray.is_initialized():
            return
        try:
            ray.init(
                plan.address,
                namespace=NAMESPACE,
                configure_logging=False,
                log_to_driver=False,
                _node_ip_address=own_node,
            )
        except (ConnectionError, RuntimeError, RayError, ValueError, OSError) as error:
            raise UnavailableError("cluster.unreachable", address=plan.address) from error


def opened_shares(
    directory: Path, generation: int, places: list[tuple[int, ...]], plan: ClusterPlan, spent: float = 0.0
) -> RayShares:
    """Return the shares of a generation, held by the cluster that this process has joined; former ones are ended.

    ``spent`` are the seconds already gone of those that ``plan`` gives. Raises ``UnavailableError`` where they end.
    """
    shares = RayShares(directory, generation, places, plan, spent)
    _end_former(directory, generation)
    return shares


class RayShares:
    """The shares of one generation, each held by ``plan.replicas`` actors."""

    def __init__(
        self, directory: Path, generation: int, places: list[tuple[int, ...]], plan: ClusterPlan, spent: float = 0.0
    ) -> None:
        self._directory, self._generation, self._places, self._plan = directory, generation, places, plan
        self._free = threading.BoundedSemaphore(plan.at_once)
        self._turn = 0
        self._actors = self._opened(time.monotonic() - spent)

    def _opened(self, started: float) -> list[list[Any]]:
        """Return the actors of each share; where a node is lost meanwhile, on those that are left."""
        while True:
            try:
                return self._found_or_started(started)
            except _LOST as error:
                if not self._left(started):
                    raise UnavailableError("cluster.lost") from error
                time.sleep(_AGAIN_SECONDS)

    def _found_or_started(self, started: float) -> list[list[Any]]:
        """Return the actors of each share once all of them answer, the replicas of a share on different nodes."""
        nodes = sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])
        remote: Any = ray.remote(ShareActor)
        held = self._held(started)
        load = Counter(node for _, node in held.values())
        actors: list[list[Any]] = []
        for number, share in enumerate(self._places):
            actors.append([])
            for replica in range(self._plan.replicas):
                if (number, replica) in held:
                    actors[-1].append(held[number, replica][0])
                    continue
                taken = {held[at][1] for at in held if at[0] == number}
                node = min(nodes, key=lambda node: (node in taken, load[node]))
                actor = remote.options(
                    name=self._name(number, replica),
                    namespace=NAMESPACE,
                    get_if_exists=True,
                    lifetime="detached",
                    max_restarts=-1,
                    max_task_retries=-1,
                    num_cpus=0,
                    # Not softly: Ray then puts them where it likes. Where the node is lost, ``ask`` places them anew.
                    scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
                ).remote(str(self._directory), self._generation, share)
                held[number, replica] = actor, node
                load[node] += 1
                actors[-1].append(actor)
        self._all([actor.ready.remote() for replicas in actors for actor in replicas], started)
        return actors

    def _name(self, number: int, replica: int) -> str:
        return f"{corpus_key(self._directory)}-{self._generation}-{number}of{len(self._places)}-{replica}"

    def _held(self, started: float) -> dict[tuple[int, int], tuple[Any, str]]:
        """Return the actors that are there already, by share and replica, and the node of each."""
        every = [(number, replica) for number in range(len(self._places)) for replica in range(self._plan.replicas)]
        there = _named()
        actors = {at: there[self._name(*at)] for at in every if self._name(*at) in there}
        answers = self._all([actor.where.remote() for actor in actors.values()], started)
        return {at: (actor, node) for (at, actor), (node, _) in zip(actors.items(), answers, strict=True)}

    def spread(self) -> bool:
        """Move one share to a node that holds fewer by two or more, as one that came back does; False where none does.

        Whoever asks these shares opens the one that is moved anew, and waits for it within the time of an answer. All
        processes that ask choose the same one, and none ends again what another has moved already.
        """
        started = time.monotonic()
        try:
            held = self._held(started)
            load = Counter({node["NodeID"]: 0 for node in ray.nodes() if node["Alive"]})
            load.update(node for _, node in held.values())
            ranked = sorted(load, key=lambda node: (load[node], node))
            emptiest, fullest = ranked[0], ranked[-1]
            kept = {number for (number, _), (_, node) in held.items() if node == emptiest}
            movable = [at for at in sorted(held) if held[at][1] == fullest and at[0] not in kept]
            complete = len(held) == len(self._places) * self._plan.replicas  # else those of a former generation
            if load[fullest] - load[emptiest] < 2 or not movable or not complete:
                return False
            ray.kill(held[movable[-1]][0])
            self._actors = self._opened(started)
        except (*_LOST, UnavailableError):
            return False  # a node or process is lost at this moment: later
        return True

    def ask(self, question: str, arguments: Sequence[tuple[Any, ...] | None], spent: float = 0.0) -> list[Any]:
        """Ask the shares that arguments are given for, and return all their answers in order.

        ``spent`` are the seconds already gone of those that an answer may take.

        Raises ``UnavailableError`` where the time is over before all have answered, or too many questions wait.
        """
        started = time.monotonic() - spent
        if not self._free.acquire(timeout=self._left(started)):
            raise UnavailableError("cluster.busy", seconds=self._plan.seconds)
        try:
            asked = [(number, given) for number, given in enumerate(arguments) if given is not None]
            while True:
                try:
                    return self._all(self._answers(question, asked, started), started)
                except _LOST:
                    # The node is gone, or the actors were ended as those of a former generation, which this process
                    # still answers by.
                    self._actors = self._opened(started)
        finally:
            self._free.release()

    def _answers(self, question: str, asked: Sequence[tuple[int, tuple[Any, ...]]], started: float) -> list[Any]:
        """Ask one replica of each share, and the others, too, where it does not answer soon; return the promises."""
        self._turn += 1
        turns = [actors[self._turn % len(actors) :] + actors[: self._turn % len(actors)] for actors in self._actors]
        first = [turns[number][0].ask.remote(question, given) for number, given in asked]
        if self._plan.replicas == 1 or not first:
            return first
        ready, _ = ray.wait(first, num_returns=len(first), timeout=_PATIENCE_SECONDS, fetch_local=False)
        done = set(ready)
        answers = []
        for reference, (number, given) in zip(first, asked, strict=True):
            if reference in done:
                answers.append(reference)
                continue
            others = [actor.ask.remote(question, given) for actor in turns[number][1:]]
            early, _ = ray.wait([reference, *others], num_returns=1, timeout=self._left(started), fetch_local=False)
            answers.append(early[0] if early else reference)
        return answers

    def _left(self, started: float) -> float:
        return max(0.0, started + self._plan.seconds - time.monotonic())

    def _all(self, references: list[Any], started: float) -> list[Any]:
        """Return all answers, or raise: a part of them is no answer."""
        try:
            found: list[Any] = ray.get(references, timeout=self._left(started))
        except GetTimeoutError as error:
            ray.nodes()  # ends this process where its head is another one now, which it would wait for in vain
            raise UnavailableError("cluster.late", seconds=self._plan.seconds) from error
        except RayTaskError as error:
            raise error.cause from error
        except _LOST:
            raise
        except RayError as error:
            raise UnavailableError("cluster.lost") from error
        return found


def corpus_key(directory: Path) -> str:
    """Return what the names of a corpus's shares begin with."""
    return _SHARE + hashlib.blake2b(str(directory).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class HeldShare:
    """A process that holds a share: name (of corpus, generation, share and replica), address of its node, number."""

    name: str
    node: str
    pid: int


def shares_held(seconds: float = 10.0) -> list[HeldShare]:
    """Return every process of the cluster that holds a share and answers within so many seconds."""
    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
    asked = {actor.where.remote(): name for name, actor in _named().items()}
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=seconds) if asked else ([], [])
    found = []
    for promise in ready:
        with contextlib.suppress(RayError):  # it has ended, or is moved to another node
            node, pid = ray.get(promise)
            found.append(HeldShare(asked[promise], nodes[node], pid))
    return sorted(found, key=lambda share: share.name)


def _named() -> dict[str, Any]:
    """Return the actors of all shares by their names."""
    found = {}
    for named in ray.util.list_named_actors(all_namespaces=True):
        if named["namespace"] == NAMESPACE and named["name"].startswith(_SHARE):
            with contextlib.suppress(ValueError):  # it has ended meanwhile
                found[named["name"]] = ray.get_actor(named["name"], NAMESPACE)
    return found


def tasks_in_order(work: Callable[[Part], Answer], parts: Iterable[Part], workers: int) -> Iterator[Answer]:
    """Yield ``work(part)`` of every part, in order, worked out by ``workers`` cores of the cluster's nodes.

    What a lost process or node had in hand is worked out again by another one. ``work`` is a function of a module and
    changes nothing. At most ``2 * workers`` parts and answers are in memory.
    """
    remote: Any = ray.remote(max_retries=-1)(_behind)
    waiting: deque[Any] = deque()
    for part in parts:
        waiting.append(remote.remote(work, part))
        if len(waiting) >= 2 * workers:
            yield _answer(waiting.popleft())
    while waiting:
        yield _answer(waiting.popleft())


def _behind(work: Callable[[Part], Answer], part: Part) -> Answer:
    """Work a part out at a lower priority than shares, which answer people."""
    os.setpriority(os.PRIO_PROCESS, 0, max(_TASK_NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    return work(part)


def _answer(promise: Any) -> Any:
    try:
        return ray.get(promise)
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        raise UnavailableError("cluster.lost") from error


def cores_offered() -> int:
    """Return how many cores the nodes of the cluster offer for tasks."""
    return int(ray.cluster_resources().get("CPU", 0))


def nodes_alive() -> list[str]:
    """Return the addresses of the nodes of the cluster."""
    return sorted(node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"])


def _end_former(directory: Path, generation: int) -> None:
    """End the shares of former generations that nobody has asked for a while."""
    key = corpus_key(directory)
    if Layout(directory).read().generation != generation:
        return  # a newer one is there already: whoever opens that one clears up
    for name, actor in _named().items():
        if not name.startswith(key + "-") or name.startswith(f"{key}-{generation}-"):
            continue
        try:
            idle: Any = ray.get(actor.idle_seconds.remote(), timeout=5.0)
            if idle > IDLE_SECONDS:
                ray.kill(actor)
        except RayError:  # ended meanwhile, or its files are gone
            continue
