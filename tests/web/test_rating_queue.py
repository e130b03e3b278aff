"""Only what rates takes a place among ratings; every other change goes by. Look-ups have places of their own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ktop.web.rating_queue import LOOKS_AT_ONCE, LookQueue, rating_addresses
from ktop.web.route_access import ACCESS

#: What a place is needed for, address by address: a new one is added here by somebody who thought about it.
RATING = {
    *("/ratings", "/companies", "/companies/new", "/technology", "/proposals", "/compare"),
    *("/ratings/{rating_id}/what-if", "/ratings/{rating_id}/prospects", "/batches", "/verify"),
    *("/batches/{batch_id}/companies/{row}", "/api/v1/programmes/check"),
    *("/api/v1/ratings/company", "/api/v1/ratings/technology", "/api/v1/proposals", "/api/v1/batches"),
    *("/api/v1/results/verify", "/programmes/check", "/my/companies/{kept_id}/rate"),
    "/api/v1/companies/{kept_id}/ratings",
}


def test_what_rates_takes_a_place() -> None:
    posted = {route.removeprefix("POST ") for route in ACCESS if route.startswith("POST ")}
    bound = {address for address in posted if rating_addresses().fullmatch(address.replace("{rating_id}", "0123abc"))}
    assert bound == RATING


@pytest.mark.parametrize(
    "address",
    ["/sign-in", "/consents/1/revoke", "/api/v1/consents", "/api/v1/ratings/1/results", "/ratings/1/x/what-if"],
)
def test_what_does_not_rate_goes_by(address: str) -> None:
    assert rating_addresses().fullmatch(address) is None


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/api/v1/lookups/1", LOOKS_AT_ONCE),
        ("/api/v1/ratings/1", LOOKS_AT_ONCE),
        ("/api/v1/ratings/1/recomputed", 12),
        ("/consents", 12),
    ],
)
def test_so_many_look_ups_are_worked_on_at_once_and_who_does_not_read_holds_no_place(address: str, most: int) -> None:
    working, seen, ended = 0, [], 0
    read = {0, 1, 2, 3, 4, 5}  # of twelve, the others do not read their answers

    async def work(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal working, ended
        working += 1
        seen.append(working)
        await asyncio.sleep(0.001)
        working -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        ended += 1

    async def receive() -> Message:
        raise AssertionError("nobody reads the request")

    async def all_of_them() -> None:
        queue = LookQueue(work)

        async def one(number: int) -> None:
            async def sent(_: Message) -> None:
                if number not in read:
                    await asyncio.Event().wait()

            scope: Any = {"type": "http", "method": "GET", "path": address}
            await queue(scope, receive, sent)

        tasks = [asyncio.ensure_future(one(number)) for number in range(12)]
        async with asyncio.timeout(30):
            await asyncio.gather(*(task for number, task in enumerate(tasks) if number in read))
            while len(seen) < 12:
                await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()

    with ThreadPoolExecutor(1) as alone:  # this thread may have a loop of the browser tests
        alone.submit(lambda: asyncio.run(all_of_them())).result()
    assert (max(seen), ended) == (most, len(read))
