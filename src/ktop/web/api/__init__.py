"""The REST API: version 1, and a page that lists it."""

from fastapi import APIRouter

from ktop.web.api import (
    account,
    collect,
    consents,
    discovery,
    finance,
    institutions,
    jobs,
    keys,
    lookups,
    members,
    models,
    oauth,
    portfolio,
    programmes,
    results,
    sheets,
    statistics,
    v1,
    watch,
    webhooks,
)

VERSION = "1.0.0"


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the API."""
    # Routes are tried one after the other, and programs ask most often for these two.
    of_ratings = (lookups, v1, collect, sheets, jobs, results, consents, finance, discovery, statistics, watch)
    of_records = (models, portfolio, programmes)
    of_access = (oauth, webhooks, account, members, institutions, keys)
    return tuple(room.router for room in (*of_ratings, *of_records, *of_access))
