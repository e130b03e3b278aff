"""Repeatable chance: draws built only on ``random.Random.random``, whose sequence Python guarantees for a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """Random draws that give the same results on every Python version."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - made-up data, nothing secret

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        return self._random()

    def happens(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self._random() < probability

    def between(self, low: int, high: int) -> int:
        """Return a whole number, ``low`` to ``high`` included."""
        return low + int(self._random() * (high - low + 1))

    def normal(self) -> float:
        """Return a standard normal number (Box and Muller 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._random()))
        return radius * math.cos(2.0 * math.pi * self._random())

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``, all equally likely."""
        return items[int(self._random() * len(items))]

    def weighted(self, items: Sequence[Item], weights: Sequence[float]) -> Item:
        """Return one of ``items`` with probability in proportion to its weight."""
        target = self._random() * math.fsum(weights)
        for item, weight in zip(items, weights, strict=True):
            target -= weight
            if target < 0.0:
                return item
        return items[-1]

    def sample(self, items: Sequence[Item], n: int) -> list[Item]:
        """Return ``n`` different items (all where there are fewer), in the order of ``items``."""
        left = list(range(len(items)))
        taken = []
        for _ in range(min(n, len(items))):
            taken.append(left.pop(int(self._random() * len(left))))
        return [items[i] for i in sorted(taken)]
