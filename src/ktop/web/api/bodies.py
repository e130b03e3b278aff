"""JSON bodies of the API: an integer of thousands of digits is a value out of range, not broken JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ktop.domain.values.number import integer_of_json


class _BodyRequest(Request):
    async def json(self) -> Any:
        """Return the body; raises ``json.JSONDecodeError`` for what is no JSON."""
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body(), parse_int=integer_of_json)
        return self._json


class BodyRoute(APIRoute):
    """A route whose body is read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that FastAPI calls, with a request that reads its body so."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(_BodyRequest(request.scope, request.receive))

        return handler


def written(answer: BaseModel, status: int = 200) -> Response:
    """Return an answer that fits its model as the framework would write it.

    For what is asked most often: the framework would validate it once more, in a worker thread of its own.
    """
    return Response(answer.model_dump_json(by_alias=True), status, media_type="application/json")
