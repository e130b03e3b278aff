"""The pages for people; every form works without JavaScript."""

from fastapi import APIRouter

from ktop.web.pages import (
    accounts,
    companies,
    compare,
    consents,
    finance,
    home,
    institutions,
    jobs,
    kept,
    keys,
    lookups,
    members,
    methods,
    models,
    proposals,
    providers,
    ratings,
    second_factor,
    signed,
    statistics,
    technology,
    webhooks,
)


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the pages."""
    of_people = (
        accounts,
        providers,
        second_factor,
        members,
        institutions,
        keys,
        webhooks,
        consents,
        lookups,
        finance,
        statistics,
    )
    of_ratings = (home, kept, companies, technology, proposals, ratings, signed, compare, methods, models, jobs)
    return tuple(room.router for room in (*of_ratings, *of_people))
