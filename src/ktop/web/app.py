"""Puts the web application together; nothing happens at import."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute

from ktop.kernel.settings import Settings
from ktop.report.fonts import WebFonts
from ktop.usecases.platform import Platform
from ktop.web import api, assets, errors, monitoring, pages
from ktop.web.admission import Admission
from ktop.web.api.description import describe, router_of
from ktop.web.api.rate_limits import RateLimits
from ktop.web.api.repeats import Repeats
from ktop.web.monitoring import Figures, Monitor
from ktop.web.rating_queue import UPLOADS, LookQueue, RatingQueue
from ktop.web.route_access import require_access, require_complete
from ktop.web.security import BODY_LIMIT_BYTES, FormTokens, Guard
from ktop.web.waiting import Watch
from ktop.web.who_asks import WhoAsks

#: Uploaded files that are in memory at the same time, and how many more senders wait with theirs.
_UPLOADS_AT_ONCE, _UPLOADS_WAITING = 2, 8


@functools.cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes that all applications of this process have, each behind ``require_access``.

    Joined once: at the first request the framework works out every route that was included, for each application anew
    (0.14 s of processor time).
    """
    # Programs ask most often, so theirs come first.
    routers = (*api.routers(), monitoring.router, assets.router, *pages.routers())
    require_complete(*routers)
    joined = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(require_access)])
    for router in routers:
        joined.include_router(router)
    return tuple(joined.routes)


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return the application that shows ``platform`` as pages, files and a REST API.

    Fonts are kept under ``settings.data / "fonts"`` (cut in the background at the first start), the secret that signs
    forms under ``settings.data / "keys"``.
    """

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.fonts.warm()
        yield

    # The interactive documentation that comes with the framework loads scripts from elsewhere: /api is our own page.
    app = FastAPI(
        title="K-TOP",
        version=api.VERSION,
        description="Open technology ratings: Tech-Index, KTRS-FM and technology originality. "
        "An open reconstruction; the released models are trained on synthetic firms. Not KOTEC's ratings.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        dependencies=[Depends(require_access)],
    )
    vars(app)["openapi"] = functools.partial(describe, app)  # the framework asks the application for it
    app.state.platform = platform
    app.state.figures = Figures()
    app.state.metrics_token = settings.metrics_token
    app.state.fonts = WebFonts(settings.data / "fonts")
    app.state.tokens = FormTokens.stored(settings.data / "keys")
    app.state.assets = assets.addresses(app.state.fonts)
    app.state.public_url = settings.public_url
    app.state.behind_tls = settings.public_url.startswith("https://")
    described = router_of(app)
    require_complete(described)
    app.router.routes.extend(_routes())
    app.include_router(described)
    errors.add_handlers(app)
    hosts = [name.strip().lower() for name in settings.hosts.split(",") if name.strip()]
    hosts += [urlsplit(settings.public_url).hostname or ""] if settings.public_url else []
    app.add_middleware(Repeats, refuse=errors.answer)
    app.add_middleware(
        RateLimits,
        refuse=errors.answer,
        per_minute=settings.requests_per_minute,
        shared=settings.web_processes > 1 or not settings.database.startswith("sqlite"),
    )
    app.add_middleware(
        RatingQueue,
        refuse=errors.answer,
        ratings=Admission(settings.ratings_at_once, settings.ratings_waiting, 60.0, "web.busy"),
        uploads=Admission(_UPLOADS_AT_ONCE, _UPLOADS_WAITING, settings.body_seconds, "web.busy"),
    )
    app.add_middleware(Watch)  # around the queue: who leaves while waiting is noticed, too
    app.add_middleware(WhoAsks, refuse=errors.answer, solo=settings.solo)
    app.add_middleware(LookQueue)  # around finding out who asks, which asks the database, too
    app.add_middleware(
        Guard,
        refuse=errors.answer,
        failed=errors.unexpected,
        uploads=dict.fromkeys(UPLOADS, settings.upload_mb * 1_000_000 + BODY_LIMIT_BYTES),
        hosts=hosts,
        seconds=settings.body_seconds,
        https=app.state.behind_tls,
    )
    app.add_middleware(Monitor, figures=app.state.figures)
    return app
