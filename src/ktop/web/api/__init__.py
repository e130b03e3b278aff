"""The REST API: version 1, and a page that lists it."""

from fastapi import APIRouter

from ktop.web.api import consents, finance, jobs, lookups, oauth, results, statistics, v1, webhooks

VERSION = "1.0.0"


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the API."""
    return tuple(room.router for room in (v1, jobs, oauth, results, webhooks, consents, lookups, finance, statistics))
