"""Only what rates takes a place among ratings; every other change goes by."""

from __future__ import annotations

import pytest

from ktop.web.rating_queue import rating_addresses
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
