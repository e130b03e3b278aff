"""Merkle trees over digests (RFC 9162, 2.1): one root stands for a whole list, a short proof for one entry in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def _leaf(digest: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + digest).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Roots:
    """The root of a list that grows: complete subtrees are kept on a stack, so that any length takes no memory."""

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self._count = 0

    def add(self, digest: bytes) -> None:
        """Append one digest."""
        node, size = _leaf(digest), self._count
        while size & 1:
            node = _node(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self._count += 1

    def root(self) -> bytes:
        """Return the root (32 bytes) of the tree over all so far; of no digest, the SHA-256 of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = _node(peak, node)
        return node


def root(digests: Iterable[bytes]) -> bytes:
    """Return the root (32 bytes) of the tree over ``digests`` in order."""
    tree = Roots()
    for digest in digests:
        tree.add(digest)
    return tree.root()


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def proof(digests: Sequence[bytes], place: int) -> list[bytes]:
    """Return the inclusion proof of the digest at ``place`` (from 0): the nodes beside its way up, from below.

    Raises ``IndexError`` for a place outside the list.
    """
    if not 0 <= place < len(digests):
        raise IndexError(place)
    if len(digests) == 1:
        return []
    middle = _split(len(digests))
    if place < middle:
        return [*proof(digests[:middle], place), root(digests[middle:])]
    return [*proof(digests[middle:], place - middle), root(digests[:middle])]


def is_included(digest: bytes, place: int, count: int, nodes: Sequence[bytes], tree_root: bytes) -> bool:
    """Return whether ``nodes`` prove that ``digest`` stands at ``place`` of the ``count`` digests under a root."""
    if not 0 <= place < count:
        return False
    found = _leaf(digest)
    last = count - 1
    for node in nodes:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(node, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, node)
        place, last = place >> 1, last >> 1
    return last == 0 and found == tree_root
