"""Roots and proofs are those of RFC 9162."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.kernel.merkle import is_included, proof, root


def _by_definition(digests: list[bytes]) -> bytes:
    """The recursion as the RFC writes it."""
    if not digests:
        return hashlib.sha256(b"").digest()
    if len(digests) == 1:
        return hashlib.sha256(b"\x00" + digests[0]).digest()
    middle = 1
    while middle * 2 < len(digests):
        middle *= 2
    return hashlib.sha256(b"\x01" + _by_definition(digests[:middle]) + _by_definition(digests[middle:])).digest()


def _digests(count: int) -> list[bytes]:
    return [hashlib.sha256(bytes([n])).digest() for n in range(count)]


@pytest.mark.parametrize("count", range(40))
def test_the_root_is_that_of_the_definition(count: int) -> None:
    assert root(_digests(count)) == _by_definition(_digests(count))


@given(st.data())
def test_every_entry_is_proved_and_no_other(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 70))
    place = data.draw(st.integers(0, count - 1))
    digests = _digests(count)
    nodes = proof(digests, place)
    assert is_included(digests[place], place, count, nodes, root(digests))
    other = data.draw(st.integers(0, count - 1))
    if other != place:
        assert not is_included(digests[other], place, count, nodes, root(digests))
        assert not is_included(digests[place], other, count, nodes, root(digests))
    assert not is_included(digests[place], place, count, [*nodes, digests[0]], root(digests))
    assert not is_included(digests[place], place, count, nodes, root([*digests, digests[0]]))


def test_a_place_outside_has_no_proof() -> None:
    with pytest.raises(IndexError):
        proof(_digests(3), 3)
    assert not is_included(_digests(1)[0], 3, 3, [], root(_digests(3)))
