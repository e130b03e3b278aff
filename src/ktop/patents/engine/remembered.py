"""Answers that are kept because parts of a rating, and ratings at the same time, ask the same again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Answers by what was asked. Several threads may ask one object: what it keeps is put in place in one step."""

    def __init__(self, most: int, room: float = float("inf"), takes: Callable[[V], int] = lambda _: 0) -> None:
        """Keep at most so many answers, of no more than ``room`` together by what each ``takes``.

        Where there are more the older ones are forgotten.
        """
        self._most, self._room, self._takes = most, room, takes
        self._kept: tuple[dict[K, V], int] = {}, 0

    @property
    def known(self) -> Mapping[K, V]:
        """What is kept."""
        return self._kept[0]

    def of(self, asked: Sequence[K], find: Callable[[list[K]], Sequence[V]]) -> list[V]:
        """Return the answer to each; ``find`` gives those to what is not known yet."""
        known, _ = self._kept
        new = [key for key in dict.fromkeys(asked) if key not in known]
        found = dict(zip(new, find(new), strict=True)) if new else {}
        self.keep(found)
        together = known | found
        return [together[key] for key in asked]

    def keep(self, found: dict[K, V]) -> None:
        """Keep some answers."""
        if found:
            known, taken = self._kept
            added = sum(map(self._takes, found.values()))
            over = len(known) + len(found) > self._most or taken + added > self._room
            self._kept = (found, added) if over else (known | found, taken + added)
