"""A client that leaves before its answer: the work for it, in whichever thread, is told."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from ktop.kernel.errors import UnavailableError
from ktop.kernel.waiting import stop_if_nobody_waits, until
from ktop.web.waiting import Watch


def test_work_that_nobody_marks_goes_on() -> None:
    stop_if_nobody_waits()
    left = threading.Event()
    with until(left):
        stop_if_nobody_waits()
        left.set()
        with pytest.raises(UnavailableError):
            stop_if_nobody_waits()
    stop_if_nobody_waits()


@pytest.mark.parametrize("leaves", [True, False])
def test_a_thread_working_for_a_client_sees_it_leave(leaves: bool) -> None:
    done: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

        def work() -> None:
            for item in range(5):
                stop_if_nobody_waits()
                done.append(item)
                loop.call_soon_threadsafe(one_done.set)
                told.wait(10)

        await run_in_threadpool(work)

    async def run() -> None:
        nonlocal one_done, loop
        loop, one_done = asyncio.get_running_loop(), asyncio.Event()
        messages: list[Message] = [
            {"type": "http.request", "body": b"a", "more_body": True},
            {"type": "http.request", "body": b"b", "more_body": False},
        ]

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await one_done.wait()
            if not leaves:
                told.set()
                await asyncio.Event().wait()
            loop.call_later(0.05, told.set)  # after the watch has taken the message
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            raise AssertionError("nothing is sent")

        await Watch(app)({"type": "http"}, receive, send)

    told = threading.Event()
    one_done: asyncio.Event
    loop: asyncio.AbstractEventLoop
    with ThreadPoolExecutor(1) as alone:  # this thread may have a loop of the browser tests
        running = alone.submit(lambda: asyncio.run(run()))
    if leaves:
        with pytest.raises(UnavailableError):
            running.result()
        assert done == [0]
    else:
        running.result()
        assert done == [0, 1, 2, 3, 4]
