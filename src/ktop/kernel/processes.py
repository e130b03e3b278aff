"""Work shared out to several processes: answers in order, few parts in memory, one clear sentence where one is lost."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

from ktop.kernel.errors import UnavailableError

Part = TypeVar("Part")
Answer = TypeVar("Answer")


class InOrder(Protocol):
    """Works parts out somewhere and yields the answers in order: ``answers_in_order``, or nodes of a cluster."""

    def __call__(self, work: Callable[[Part], Answer], parts: Iterable[Part], workers: int) -> Iterator[Answer]:
        """See ``answers_in_order``."""


#: All that a process which reads a file from outside sees of our environment: a variable that asks a library for
#: backtraces can hang it.
PLAIN_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT")


def answers_in_order(
    work: Callable[[Part], Answer],
    parts: Iterable[Part],
    workers: int,
    prepare: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[Answer]:
    """Yield ``work(part)`` of every part, in order, worked out by ``workers`` processes.

    At most ``2 * workers`` parts and answers are in memory. Nobody waits for the rest where the caller stops early.

    Parameters
    ----------
    work : a function of a module, or a ``functools.partial`` of one: other processes must find it by name.
    prepare : called once in every process with ``given`` before its first part.

    Raises ``UnavailableError`` where a process is lost (killed, or out of memory).
    """
    context = multiprocessing.get_context("spawn")  # fork would copy a process that may run threads
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(prepare, given)) as pool:
        waiting: list[Future[Answer]] = []
        try:
            for part in parts:
                waiting.append(pool.submit(work, part))
                if len(waiting) >= 2 * workers:
                    yield waiting.pop(0).result()
            for future in waiting:
                yield future.result()
        except BrokenProcessPool as error:
            raise UnavailableError("patents.worker_lost") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # nobody waits for what was handed out already
            raise


def _begin(prepare: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C ends workers, too; the terminal hears of it from one of us
    if prepare is not None:
        prepare(*given)
