"""The REST API: version 1, and a page that lists it."""

from fastapi import APIRouter

from ktop.web.api import jobs, oauth, results, v1, webhooks

VERSION = "1.0.0"


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the API."""
    return (v1.router, jobs.router, oauth.router, results.router, webhooks.router)
