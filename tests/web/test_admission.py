"""Requests are let in in order, so many at once; one more than may wait is refused at once and told when to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import BusyError
from ktop.web.admission import Admission

BUSY = "web.busy"


def in_a_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end in a thread of its own: this one may have a loop of the browser tests."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(lambda: asyncio.run(work())).result()


async def pass_through(gate: Admission) -> None:
    async with gate.place():
        pass


def test_places_are_given_in_order() -> None:
    inside = most = 0
    order: list[int] = []

    async def all_of_them() -> None:
        gate = Admission(2, 10, 30.0, BUSY)

        async def work(number: int) -> None:
            nonlocal inside, most
            async with gate.place():
                order.append(number)
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(work(number) for number in range(12)))

    in_a_loop(all_of_them)
    assert most == 2
    assert order == list(range(12))


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    async def run() -> None:
        gate = Admission(1, 1, 20.0, BUSY)
        async with gate.place():
            waiting = asyncio.ensure_future(pass_through(gate))
            await asyncio.sleep(0)
            with pytest.raises(BusyError) as refused:
                await pass_through(gate)
            assert refused.value.retry_after_seconds == 5
            assert len({message(refused.value, lang) for lang in LANGS}) == 2
        await waiting
        await pass_through(gate)

    in_a_loop(run)


def test_one_who_gives_up_leaves_the_queue() -> None:
    async def run() -> None:
        gate = Admission(1, 1, 30.0, BUSY)
        async with gate.place():
            for _ in range(3):
                waiting = asyncio.ensure_future(pass_through(gate))
                await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
        async with asyncio.timeout(30):
            await pass_through(gate)

    in_a_loop(run)


def test_waiting_too_long_is_refused_and_what_fails_inside_gives_its_place_back() -> None:
    async def run() -> None:
        gate = Admission(1, 3, 0.01, BUSY)
        async with gate.place():
            with pytest.raises(BusyError):
                await pass_through(gate)
        with pytest.raises(ValueError, match="broken"):
            async with gate.place():
                raise ValueError("broken")
        await pass_through(gate)

    in_a_loop(run)
