"""An actor is somebody of some organisation, and never changes."""

from __future__ import annotations

import dataclasses

import pytest

from ktop.domain.party.actor import LOCAL_OWNER, Actor


def test_an_actor_is_somebody_somewhere() -> None:
    assert Actor("kim", "bank-1", frozenset({"bank_officer"})).organisation == "bank-1"
    for user, organisation, roles in (("", "bank-1", ()), ("kim", "", ()), ("kim", "bank-1", ("root",))):
        with pytest.raises(ValueError, match=r"actor|roles"):
            Actor(user, organisation, frozenset(roles))
    with pytest.raises(dataclasses.FrozenInstanceError):
        LOCAL_OWNER.organisation = "other"  # type: ignore[misc]
