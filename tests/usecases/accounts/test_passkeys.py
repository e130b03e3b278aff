"""Passkeys: registered, shown as a second factor, signed in by, removed; whatever does not hold is refused alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from authenticator import PRESENT, Authenticator, b64
from databases import BACK_ENDS, database_url
from people import PASSWORD, Installation
from sqlalchemy import select

from ktop.domain.party.actor import VISITOR, Actor
from ktop.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    SignInError,
    TooManyRequestsError,
)
from ktop.store.tables import audit_events
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser

ORIGIN = "https://k-top.example"
BROWSER = Browser("192.0.2.9", "test")


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    store = Store.open(database_url(request.param, tmp_path))
    made = Installation(store, tmp_path)
    made.add_organisation("bank", "bank")
    made.add_organisation("firm", "company")
    made.add_user("lee", ("bank", "bank_officer"))
    made.add_user("kim", ("firm", "company_owner"))
    yield made
    store.engine.dispose()


def actor_of(house: Installation, token: str) -> Actor:
    asker = house.accounts.asker(VISITOR, token)
    assert asker is not None
    return asker.actor


def signed_in(house: Installation, login: str) -> Actor:
    return actor_of(house, house.accounts.sign_in(VISITOR, login, PASSWORD, BROWSER).token)


def registered(house: Installation, login: str, device: Authenticator | None = None) -> tuple[Actor, Authenticator]:
    """Sign in and register a passkey; the actor is the one of the session that has shown it."""
    actor, made = signed_in(house, login), device or Authenticator(ORIGIN)
    offered = house.passkeys.begin(actor, ORIGIN)
    session = house.passkeys.register(actor, offered.kept, made.make(offered.options), "노트북", ORIGIN)
    return actor_of(house, session.token), made


def by_passkey(house: Installation, device: Authenticator, **changed: object) -> str:
    house.clock.pass_by(seconds=1)
    asked = house.passkeys.ask(VISITOR, ORIGIN)
    answer = device.show(asked.options, **changed)
    return house.passkeys.sign_in(VISITOR, asked.kept, answer, ORIGIN, BROWSER).token


def test_a_passkey_signs_in_alone_and_counts_as_two_factors(house: Installation) -> None:
    officer, device = registered(house, "lee")
    assert (officer.second_factor_missing, officer.known_by) == (False, "password+passkey")
    (card,) = house.passkeys.passkeys(officer)
    assert (card.name, card.used) == ("노트북", None) and house.second_factors.factors(officer).passkeys == 1
    again = actor_of(house, by_passkey(house, device))
    assert (again.user, again.known_by, again.second_factor_missing) == (officer.user, "passkey", False)
    (card,) = house.passkeys.passkeys(again)
    assert card.used == house.clock.now and card.name == "노트북"


def test_it_is_asked_for_after_the_password_and_shown(house: Installation) -> None:
    _, device = registered(house, "kim")
    half = signed_in(house, "kim")
    assert half.second_factor_missing
    refused: list[Callable[[], object]] = [
        lambda: house.passkeys.passkeys(half),
        lambda: house.passkeys.begin(half, ORIGIN),
        lambda: house.passkeys.remove(half, "0" * 32),
        lambda: house.accounts.account(half),
    ]
    for act in refused:
        with pytest.raises(ForbiddenError):
            act()
    house.clock.pass_by(seconds=1)
    asked = house.passkeys.ask(half, ORIGIN)
    assert [one["id"] for one in json.loads(asked.options)["allowCredentials"]] == [b64(device.known_as)]
    whole = actor_of(house, house.passkeys.prove(half, asked.kept, device.show(asked.options), ORIGIN).token)
    assert not whole.second_factor_missing and whole.known_by == "password+passkey"


@pytest.mark.parametrize(
    "forged",
    [
        {"origin": "https://k-top.example.evil.example"},
        {"origin": "http://k-top.example"},
        {"rp_id": "evil.example"},
        {"challenge": b64(bytes(32))},
        {"type": "webauthn.create"},
        {"handle": b"somebody else"},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_an_answer_for_another_place_challenge_or_person_is_refused(
    house: Installation, forged: dict[str, object]
) -> None:
    _, device = registered(house, "kim")
    with pytest.raises(SignInError, match="nobody_here"):
        by_passkey(house, device, **forged)
    assert by_passkey(house, device)


def test_a_device_that_did_not_verify_its_user_is_refused(house: Installation) -> None:
    actor = signed_in(house, "kim")
    offered = house.passkeys.begin(actor, ORIGIN)
    with pytest.raises(InputError):
        house.passkeys.register(
            actor, offered.kept, Authenticator(ORIGIN, flags=PRESENT).make(offered.options), "x", ORIGIN
        )
    _, device = registered(house, "kim")
    device.flags = PRESENT
    with pytest.raises(SignInError):
        by_passkey(house, device)


def test_every_answer_counts_once_soon_and_for_what_it_was_asked(house: Installation) -> None:
    kim, device = registered(house, "kim")
    house.clock.pass_by(seconds=1)
    asked = house.passkeys.ask(VISITOR, ORIGIN)
    house.clock.pass_by(seconds=1)
    late = house.passkeys.ask(VISITOR, ORIGIN)
    answer = device.show(late.options)
    assert house.passkeys.sign_in(VISITOR, late.kept, answer, ORIGIN, BROWSER)
    wrong = {
        "sent again": (late.kept, answer),
        "asked before the newest": (asked.kept, device.show(asked.options)),
        "asked of somebody signed in": (house.passkeys.ask(kim, ORIGIN).kept, answer),
        "nothing sealed": ("s1.AAAA", answer),
        "asked for registering": (house.passkeys.begin(kim, ORIGIN).kept, answer),
        "no JSON": (house.passkeys.ask(VISITOR, ORIGIN).kept, "[" * 1000),
        "a list": (house.passkeys.ask(VISITOR, ORIGIN).kept, "[]"),
        "empty": (house.passkeys.ask(VISITOR, ORIGIN).kept, "{}"),
    }
    for why, (kept, given) in wrong.items():
        with pytest.raises(SignInError):
            house.passkeys.sign_in(VISITOR, kept, given, ORIGIN, Browser(f"192.0.2.{len(why)}"))
    house.clock.pass_by(seconds=1)
    old = house.passkeys.ask(VISITOR, ORIGIN)
    house.clock.pass_by(seconds=301)
    with pytest.raises(SignInError):
        house.passkeys.sign_in(VISITOR, old.kept, device.show(old.options), ORIGIN, BROWSER)
    assert by_passkey(house, device)


def test_a_copied_device_is_noticed_by_its_counter(house: Installation) -> None:
    _, device = registered(house, "kim", Authenticator(ORIGIN, counts=True))
    assert by_passkey(house, device)
    device.signed -= 1  # the copy counts on its own
    with pytest.raises(SignInError):
        by_passkey(house, device)


def test_of_another_s_passkey_nothing_is_gained(house: Installation) -> None:
    _, device = registered(house, "kim")
    lee, own = registered(house, "lee")
    half = signed_in(house, "lee")
    asked = house.passkeys.ask(half, ORIGIN)
    with pytest.raises(InputError, match="does_not_hold"):
        house.passkeys.prove(half, asked.kept, device.show(asked.options), ORIGIN)
    offered = house.passkeys.begin(lee, ORIGIN)
    copy = Authenticator(ORIGIN, known_as=device.known_as)
    with pytest.raises(ConflictError, match="known_already"):
        house.passkeys.register(lee, offered.kept, copy.make(offered.options), "x", ORIGIN)
    kim = actor_of(house, by_passkey(house, device))
    (of_kim,) = house.passkeys.passkeys(kim)
    with pytest.raises(NotFoundError):
        house.passkeys.remove(lee, of_kim.id)
    forged = Authenticator(ORIGIN, known_as=own.known_as, handle=own.handle)  # knows the name, not the key
    with pytest.raises(SignInError):
        by_passkey(house, forged)


def test_the_last_one_stays_where_a_second_factor_is_demanded(house: Installation) -> None:
    lee, _ = registered(house, "lee")
    (card,) = house.passkeys.passkeys(lee)
    with pytest.raises(ConflictError, match="demanded"):
        house.passkeys.remove(lee, card.id)
    kim, device = registered(house, "kim")
    (card,) = house.passkeys.passkeys(kim)
    house.passkeys.remove(kim, card.id)
    assert house.passkeys.passkeys(kim) == []
    with pytest.raises(SignInError):
        by_passkey(house, device)


def test_guessing_is_slowed_and_told(house: Installation) -> None:
    stranger = Authenticator(ORIGIN, handle=b"x")
    for _ in range(5):
        with pytest.raises(SignInError):
            by_passkey(house, stranger)
    with pytest.raises(SignInError):
        by_passkey(house, stranger)
    with pytest.raises(TooManyRequestsError):
        by_passkey(house, stranger)
    with house.store.installation(reading=True) as work:
        told = work.connection.execute(select(audit_events.c.details).where(audit_events.c.action.like("%failed")))
        assert [row.details for row in told] == [{"way": "passkey"}] * 6


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_an_address_without_a_name_has_no_passkeys(house: Installation, origin: str) -> None:
    assert not house.passkeys.possible(VISITOR, origin) and house.passkeys.possible(VISITOR, "http://localhost:8000")
    with pytest.raises(ConflictError, match="needs_name"):
        house.passkeys.begin(signed_in(house, "kim"), origin)
