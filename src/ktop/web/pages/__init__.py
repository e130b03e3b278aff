"""The pages for people; every form works without JavaScript."""

from fastapi import APIRouter

from ktop.web.pages import (
    accounts,
    companies,
    compare,
    consents,
    home,
    jobs,
    kept,
    keys,
    lookups,
    methods,
    models,
    proposals,
    ratings,
    signed,
    technology,
    webhooks,
)


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the pages."""
    rooms = (
        *(home, accounts, keys, kept, companies, technology, proposals, ratings, signed, compare, methods, models),
        *(jobs, webhooks, consents, lookups),
    )
    return tuple(room.router for room in rooms)
