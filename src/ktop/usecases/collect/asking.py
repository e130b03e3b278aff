"""The sources that an installation may ask, within the limits that the database remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from ktop.catalogue import load
from ktop.collect.answer import Answer, Operation
from ktop.collect.asking import Access, Asker
from ktop.collect.collecting import Collected, Collection
from ktop.collect.limits import KOREA, Limits, limits_of
from ktop.collect.stand_in.services import Services
from ktop.collect.stand_in.travel import accesses, transport
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError
from ktop.kernel.progress import Progress
from ktop.store.collection import CollectionRow
from ktop.store.unit_of_work import Store
from ktop.usecases.collect import reading
from ktop.usecases.collect.access import key_id, read_access
from ktop.usecases.collect.again import UNTIL_ANSWERED, asked_again
from ktop.usecases.collect.keeper import StoreKeeper
from ktop.usecases.jobs.running import Running

#: Answers written in one transaction: what a killed process asks for again.
_KEPT_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Reach:
    """Access to sources, editions of their lists, and the way there where it is not the network."""

    accesses: Mapping[str, Access]
    editions: Mapping[str, str] = field(default_factory=dict)
    way: httpx.BaseTransport | None = None


class SourceRoom:
    """Asks sources for collections.

    Parameters
    ----------
    sources_file : keys and addresses of this installation; there may be none.
    """

    def __init__(self, store: Callable[[], Store], sources_file: Path | None) -> None:
        self._store, self._file = store, sources_file

    def reach(self, made_up: bool, sources: Path | None = None) -> Reach:
        """Return what may be asked: the stand-ins, the sources of a file, or the installation's own.

        Raises ``InputError`` where there are none, and for a wrong file.
        """
        if made_up:
            return Reach(accesses(), {"startups": "made-up"}, transport(Services(today())))
        path = sources or self._file
        if path is None:
            raise InputError("collect.no_sources")
        return Reach(*read_access(path))

    def own(self) -> Reach:
        """Return what this installation may ask; nothing where it has no keys."""
        return Reach({}) if self._file is None else self.reach(False)

    @contextmanager
    def asker(self, actor: Actor, reach: Reach, share: float = 1.0) -> Iterator[Asker]:
        """Give who asks, within the limits of each key, or within a share of its days and months.

        One organisation of several uses a part of them at most, so that the others can ask, too.
        """
        ids = {source: key_id(source, access) for source, access in reach.accesses.items()}
        alone = actor.organisation == LOCAL_OWNER.organisation
        one = 1.0 if alone else float(load("sources")["share_of_one"])
        keeper = StoreKeeper(self._store, ids, actor.organisation, one)
        made_up = reach.way is not None  # a stand-in gives no quota

        def limits(source: str) -> Limits:
            return Limits() if made_up else limits_of(source).part(share)

        asker = Asker(reach.accesses, keeper, reach.way, limits)
        try:
            yield asker
        finally:
            asker.close()
            keeper.close()

    def do(self, running: Running) -> None:
        """Do a job of the kind ``collect.company``; one that was interrupted asks again."""
        with running.store.reading(running.actor) as unit:
            row = unit.collections.get(str(running.job.arguments["collection"]))
        again = None
        if row.state == "running":
            reach = self.reach(bool(row.hints.get("made_up")))
            collected = self.collect(running.actor, row, reach, running.progress)
            again = asked_again(collected.reports, datetime.now(UTC))
        with running.end({"collection": row.id}) as unit:  # the answers were written as they came
            if again is not None and unit.follows.followed(row.business_number) is None:
                unit.follows.follow(row.business_number, row.id, UNTIL_ANSWERED, again)

    def collect(
        self, actor: Actor, row: CollectionRow, reach: Reach, progress: Progress, share: float = 1.0
    ) -> Collected:
        """Ask the sources and keep all answers; no transaction is open while a source is waited for.

        Answers are kept a few at a time as they come: who is interrupted asks only for the rest. ``share`` is what may
        be used of each quota.
        """
        ids = {source: key_id(source, access) for source, access in reach.accesses.items()}
        reused: dict[tuple[str, str, str], str] = {}

        def remembered(operation: Operation, asked: str) -> Answer | None:
            since = datetime.now(UTC) - timedelta(days=load("sources")["sources"][operation.source]["keep_days"])
            address = ids[operation.source]
            with self._store().reading(actor) as unit:
                known = unit.collections.remembered(operation.source, operation.name, asked, address, since)
                if known is None:
                    return None
                reused[operation.source, operation.name, asked] = known.id
                return reading.kept_of(unit, known).answer

        coming = _Coming(lambda some: self._keep_some(actor, row, some, ids))
        with self.asker(actor, reach, share) as asker:
            collected = Collection(
                asker,
                row.business_number,
                today=row.created.astimezone(KOREA).date(),
                names=tuple(row.hints.get("names", ())),
                corporate_number=row.hints.get("corporate_number"),
                remembered=remembered,
                editions=reach.editions,
                told=progress,
                came=coming.add,
            ).run()
        coming.write()
        self._keep(actor, row, collected, ids, reused)
        return collected

    def _keep_some(self, actor: Actor, row: CollectionRow, answers: Sequence[Answer], ids: Mapping[str, str]) -> None:
        with self._store().unit(actor) as unit:
            for answer in answers:
                unit.collections.add_answer(
                    row.id,
                    source=answer.source,
                    operation=answer.operation,
                    asked=answer.asked,
                    address=ids[answer.source],
                    outcome=answer.outcome,
                    detail=answer.detail,
                    at=answer.at,
                    retry_at=answer.retry_at,
                    content=answer.content,
                    media_type=answer.media_type,
                )

    def _keep(
        self,
        actor: Actor,
        row: CollectionRow,
        collected: Collected,
        ids: Mapping[str, str],
        reused: Mapping[tuple[str, str, str], str],
    ) -> None:
        with self._store().unit(actor) as unit:
            for kept in collected.answers:
                answer = kept.answer
                before = reused.get((answer.source, answer.operation, answer.asked))
                known = unit.collections.answer(before) if before is not None else None
                if known is not None and known.collection != row.id:  # else it was kept before an interruption
                    unit.collections.link_answer(row.id, known, ids[answer.source])
            report = {source: reading.plain_report(one) for source, one in collected.reports.items()}
            unit.collections.change(row.id, state="done", ended=datetime.now(UTC), report=report)
            unit.tell("company.collected", row.id, {"answers": len(collected.answers)})


class _Coming:
    """Answers as they come, from several threads, handed on a few at a time."""

    def __init__(self, write: Callable[[Sequence[Answer]], None]) -> None:
        self._write, self._lock = write, threading.Lock()
        self._answers: list[Answer] = []

    def add(self, answer: Answer) -> None:
        """Take an answer."""
        with self._lock:
            self._answers.append(answer)
            if len(self._answers) >= _KEPT_AT_ONCE:
                self._hand_on()

    def write(self) -> None:
        """Hand on what is left."""
        with self._lock:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._answers:
            self._write(tuple(self._answers))
            self._answers.clear()
