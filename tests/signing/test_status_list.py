"""A withdrawn result is found in the signed list, and no other list, old or foreign, answers for it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signed import ISSUER, NOW, Installation, part

from ktop.signing import base64url, document, status_list
from ktop.signing.errors import NotAuthenticError

PLACES = st.integers(0, status_list.LENGTH - 1)


def test_the_withdrawn_and_only_they_are_withdrawn(issuer: Installation) -> None:
    listed = issuer.status({77, 131_071})
    for index, expected in ((77, True), (76, False), (78, False), (0, False), (131_071, True)):
        verified = document.verify(issuer.issue(index=index), issuer.public, NOW)
        assert document.withdrawn(verified, listed, issuer.public, NOW) is expected, index


def test_the_list_is_written_as_the_standard_has_it(issuer: Installation) -> None:
    body = part(issuer.status({0, 9}), 1)
    assert body["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    encoded = body["credentialSubject"]["encodedList"]
    bits = gzip.decompress(base64url.decode(encoded.removeprefix("u")))
    assert encoded.startswith("u") and len(bits) == 16_384 and bits[:2] == b"\x80\x40" and not any(bits[2:])


@given(st.sets(PLACES, max_size=30), PLACES)
def test_any_place_reads_as_it_was_written(places: set[int], asked: int) -> None:
    body = status_list.body(ISSUER, 2, places, NOW)
    assert status_list.withdrawn(body, (ISSUER.status_address(2), asked), NOW) is (asked in places)


def test_every_result_has_a_place_of_its_own() -> None:
    assert [status_list.place(index) for index in (0, 131_071, 131_072)] == [(0, 0), (0, 131_071), (1, 0)]


def test_an_old_list_or_one_from_the_future_does_not_answer(issuer: Installation) -> None:
    verified = document.verify(issuer.issue(), issuer.public, NOW)
    for made in (NOW - timedelta(days=7), NOW + timedelta(minutes=6)):
        with pytest.raises(NotAuthenticError) as told:
            document.withdrawn(verified, issuer.status(now=made), issuer.public, NOW)
        assert told.value.key == "signing.old_status_list"
    assert document.withdrawn(verified, issuer.status(now=NOW - timedelta(days=6)), issuer.public, NOW) is False


def test_another_list_does_not_answer(issuer: Installation) -> None:
    verified = document.verify(issuer.issue(), issuer.public, NOW)
    for token in (issuer.status(number=1), issuer.issue().token):
        with pytest.raises(NotAuthenticError) as told:
            document.withdrawn(verified, token, issuer.public, NOW)
        assert told.value.key == "signing.other_status_list"


def packed(content: bytes) -> str:
    return "u" + base64url.encode(gzip.compress(content, mtime=0))


@pytest.mark.parametrize(
    "change",
    [
        {"encodedList": packed(bytes(16_383))},
        {"encodedList": packed(bytes(16_385))},
        {"encodedList": packed(bytes(50_000_000))},  # a bomb: never unfolded beyond a list's length
        {"encodedList": packed(bytes(16_384))[1:]},
        {"encodedList": packed(bytes(16_384))[:-9]},
        {"encodedList": "u!"},
        {"encodedList": 1},
        {"statusPurpose": "suspension"},
        {"type": "Other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_list_of_another_form_does_not_answer(change: dict[str, Any]) -> None:
    body = status_list.body(ISSUER, 0, (), NOW)
    body["credentialSubject"] |= change
    with pytest.raises(NotAuthenticError) as told:
        status_list.withdrawn(body, (ISSUER.status_address(0), 5), NOW)
    assert told.value.key == "signing.other_status_list"


@pytest.mark.parametrize("place", [-1, status_list.LENGTH])
def test_a_place_beyond_the_list_is_refused(place: int) -> None:
    with pytest.raises(NotAuthenticError):
        status_list.withdrawn(status_list.body(ISSUER, 0, (), NOW), (ISSUER.status_address(0), place), NOW)
