"""The pages for people; every form works without JavaScript."""

from fastapi import APIRouter

from ktop.web.pages import (
    accounts,
    audit,
    collect,
    companies,
    compare,
    consents,
    desk,
    discovery,
    entry,
    finance,
    home,
    institution_rules,
    institutions,
    jobs,
    kept,
    keys,
    lookups,
    members,
    methods,
    models,
    my_companies,
    my_technologies,
    passkeys,
    platform_settings,
    portfolio,
    programme_calls,
    programme_effects,
    programme_projects,
    programmes,
    proposals,
    prospects,
    providers,
    ratings,
    reviews,
    second_factor,
    sheets,
    signed,
    sizes,
    statistics,
    technology,
    watch,
    webhooks,
)


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the pages."""
    of_people = (accounts, providers, passkeys, second_factor, members, institutions, keys, webhooks)
    of_two_sides = (
        consents,
        lookups,
        finance,
        institution_rules,
        discovery,
        statistics,
        watch,
        programme_calls,
        programme_projects,
        programme_effects,
        programmes,
    )
    of_ratings = (home, kept, companies, technology, proposals, ratings, signed, compare, methods, models, jobs)
    of_entry = (entry, my_companies, my_technologies, portfolio, prospects, sheets)
    of_all = (desk, audit, platform_settings, sizes)
    return tuple(room.router for room in (*of_all, *of_entry, *of_ratings, collect, reviews, *of_people, *of_two_sides))
