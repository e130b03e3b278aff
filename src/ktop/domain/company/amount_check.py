"""Amounts in another unit than the rest: figures a thousand- or millionfold off what a firm's other figures suggest.

Every amount says how large a firm is: its logarithm less that of the usual amount. Amounts of one firm agree on that
within a range learned from others. One that stands far outside, on a side where ordinary firms do not stray so far,
was most likely written in another unit (won, thousand, million, 억원), and the nearest step between units says which.
Nothing is changed: whoever knows the figures must say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Decimals = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int8]

#: Decimals between usual units: thousand, million, hundred million (억).
STEPS = (3, 6, 8)
#: Amounts less than this many decimals off are in the right unit.
_LEAST_OFF = 2.0
#: An amount whose range is narrower than this, in decimals each way, tells the size of its firm.
_TELLING = 1.0
#: Decimals added to the learned range, since the firms to come are more varied than those it was learned from.
_MARGIN = 0.3
#: A side whose ordinary tail comes this near to a step is not judged: a profit may be next to nothing.
_ORDINARY = 2.5
#: Amounts within this of what the head-count suggests are in the right unit.
_NEAR = 1.2
#: An amount within this of what the head-count suggests is borne out by it, whatever the other amounts say.
_BORNE_OUT = 1.9
#: Ends of the ranges that are learned, as shares of the amounts, and of the firms' sizes.
_TAIL, _SIZE_TAIL = 0.0005, 0.005


@dataclass(frozen=True, slots=True)
class AmountRanges:
    """What is usual of ``k`` amounts.

    Parameters
    ----------
    names : the amounts.
    centres : decimal logarithm of the usual amount, of a firm of size 1 where sizes are known.
    low, high : ends of the range of an amount about the middle of all of the firm's, in decimals (low < 0 < high).
    size : ends of the range of that middle.
    """

    names: tuple[str, ...]
    centres: Decimals
    low: Decimals
    high: Decimals
    size: tuple[float, float]

    @classmethod
    def fit(cls, logs: Decimals, names: Sequence[str], size: Decimals | None = None, tail: float = _TAIL) -> Self:
        """Learn the ranges from firms: ``logs`` (see ``decimals``) of shape ``(n, k)``, ``size`` of shape ``(n,)``.

        ``tail`` is the share of the amounts that lies beyond each end of its range.
        """
        scaled = logs if size is None else logs - size[:, None]
        centres = np.array([_quantiles(column, (0.5,))[0] for column in scaled.T])
        positions = logs - centres
        middle = _middle(positions)
        ends = np.array([_quantiles(column, (tail, 1 - tail)) for column in (positions - middle[:, None]).T])
        low, high = _quantiles(middle, (_SIZE_TAIL, 1 - _SIZE_TAIL))
        return cls(tuple(names), centres, ends[:, 0], ends[:, 1], (float(low), float(high)))

    @property
    def limits(self) -> tuple[Decimals, Decimals]:
        """How far below and above its firm's middle each amount is told of, shape ``(k,)`` each; infinite: never.

        A limit lies outside the ordinary range; an amount whose range leaves no room between the units is not judged.
        """
        below, above = (np.maximum(reach + _MARGIN, _LEAST_OFF) for reach in (-self.low, self.high))
        return np.where(below > _ORDINARY, np.inf, below), np.where(above > _ORDINARY, np.inf, above)

    @property
    def telling(self) -> npt.NDArray[np.bool_]:
        """Which amounts tell the size of their firm, shape ``(k,)``; all of them where none does better."""
        narrow: npt.NDArray[np.bool_] = np.maximum(-self.low, self.high) <= _TELLING
        return narrow if narrow.any() else np.ones(len(self.names), dtype=bool)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Self:
        """Build the ranges from what ``to_mapping`` gave."""
        entries = content["amounts"]
        centres, lows, highs = (
            np.array([entry[key] for entry in entries.values()], dtype=np.float64) for key in ("centre", "low", "high")
        )
        low, high = content["size"]
        return cls(tuple(entries), centres, lows, highs, (float(low), float(high)))

    def to_mapping(self) -> dict[str, Any]:
        """Return the ranges as plain data, rounded to a hundredth of a decimal."""
        numbers = zip(self.names, self.centres, self.low, self.high, strict=True)
        return {
            "size": [round(end, 2) for end in self.size],
            "amounts": {
                name: {"centre": round(float(c), 2), "low": round(float(a), 2), "high": round(float(b), 2)}
                for name, c, a, b in numbers
            },
        }


@dataclass(frozen=True, slots=True)
class OddAmounts:
    """What stands apart, in decimal steps: -3 is a thousandth of what is expected, 6 a million times it, 0 nothing.

    ``amounts`` has shape ``(n, k)``, ``whole`` (all amounts of a firm together) ``(n,)``.
    """

    amounts: Steps
    whole: Steps

    @property
    def any(self) -> npt.NDArray[np.bool_]:
        """Which firms have anything odd, shape ``(n,)``."""
        found: npt.NDArray[np.bool_] = (self.amounts != 0).any(axis=1) | (self.whole != 0)
        return found


def decimals(amounts: npt.ArrayLike) -> Decimals:
    """Return the decimal logarithms of the sizes of amounts, NaN for zero and missing ones."""
    size = np.abs(np.asarray(amounts, dtype=np.float64))
    return np.log10(np.where(size > 0, size, np.nan))


def odd_amounts(logs: Decimals, ranges: AmountRanges, size: Decimals | None = None) -> OddAmounts:
    """Find amounts in another unit.

    Parameters
    ----------
    logs : ``decimals`` of the amounts of n firms, shape ``(n, k)`` in the order of ``ranges.names``.
    size : decimal logarithm of what tells a firm's size in no money (head-count), shape ``(n,)``, NaN where unknown.
    """
    positions = logs - ranges.centres
    apart = np.full(len(logs), np.nan) if size is None else size
    # Where some amounts fit the head-count and others do not, those that fit are in the right unit, few as they may be.
    fitting = np.abs(positions - apart[:, None]) <= _NEAR
    held = (fitting.sum(axis=1) >= 2) | (fitting & ranges.telling).any(axis=1)
    middle = np.where(held, _middle(np.where(fitting, positions, np.nan)), _middle(positions))
    telling = _middle(np.where(ranges.telling, positions, np.nan))
    gap = np.where(held | np.isnan(telling), middle, telling) - apart
    whole = np.zeros(len(logs), dtype=np.int8)
    off = np.abs(gap) > np.where(held | ~np.isnan(telling), _LEAST_OFF, _ORDINARY)
    whole[off] = nearest_step(gap[off])
    low, high = ranges.size
    alone = np.isnan(apart)
    small = alone & (middle < low)  # too large cannot be told without a head-count: large firms exist
    whole[small] = nearest_step(middle[small] - (low + high) / 2)
    stray = positions - middle[:, None]
    least, most = ranges.limits
    # What the head-count bears out is unusual, and no slip: sales of a firm before its first product, say.
    borne = np.abs(positions - apart[:, None]) <= _BORNE_OUT
    far = ((stray < -least) | (stray > most)) & ~borne
    found = np.zeros(logs.shape, dtype=np.int8)
    found[far] = nearest_step(stray[far])
    return OddAmounts(found, whole)


def nearest_step(shift: Decimals) -> Steps:
    """Return the step between units that each shift is nearest to, with its sign."""
    steps = np.array(STEPS)
    chosen = steps[np.abs(np.abs(shift)[:, None] - steps).argmin(axis=1)]
    return np.asarray(np.sign(shift) * chosen, dtype=np.int8)


def _middle(positions: Decimals) -> Decimals:
    """Return the middle known position of each row, of two the larger: amounts go wrong by being too small."""
    ordered = np.sort(positions, axis=1)  # NaN last
    known = (~np.isnan(positions)).sum(axis=1)
    place = np.minimum(known // 2, positions.shape[1] - 1)
    found: Decimals = np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
    return found


def _quantiles(values: Decimals, shares: Sequence[float]) -> Decimals:
    known = values[~np.isnan(values)]
    return np.quantile(known, shares) if len(known) else np.zeros(len(shares))
