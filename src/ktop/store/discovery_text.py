"""The words of what named firms say of themselves: written with the card, searched by BM25 in one query."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)

from ktop.store.tables import discovery_cards as cards
from ktop.store.tables import discovery_terms as terms

#: The code that stands once for each text, so that they can be counted.
EVERY_TEXT = 0
#: Above every sum that the words and fields of a question can reach.
ALL_WORDS = 1 << 40
_RARITY = 1000
#: Nearness in meaning counts as a word does whose rarity is 3; below a cosine of 0.5 it finds nothing by itself.
_NEAR_WEIGHT, _LEAST_NEAR = 3 * _RARITY, 3 * _RARITY * 50


@dataclass(frozen=True, slots=True)
class AskedWords:
    """A question: groups of code → weight, of each of which the best match counts, and ``near`` fields, which add up.

    Texts that match all groups come first, as ``ALL_WORDS`` is added to their score; ``all``: no other is found.
    """

    groups: Sequence[Mapping[int, float]]
    near: Mapping[int, float] = field(default_factory=dict)
    all: bool = False


class DiscoveryWords:
    """The words of cards, within one transaction. ``to`` is the column that says who may find them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, number: int, tenant: str, to: frozenset[str], words: Mapping[int, int]) -> None:
        """Keep the words of a card."""
        finders = {f"to_{kind}": kind in to for kind in ("bank", "investor", "agency")}
        rows = [{"code": code, "number": number, "impact": impact} for code, impact in words.items()]
        if rows:
            self._connection.execute(insert(terms), [{**row, "tenant": tenant, **finders} for row in rows])

    def remove(self, number: int) -> None:
        """Forget the words of a card."""
        self._connection.execute(delete(terms).where(terms.c.number == number))

    def of(self, card_id: str) -> dict[int, int]:
        """Return the words of a card."""
        query = (
            select(terms.c.code, terms.c.impact)
            .join(cards, cards.c.number == terms.c.number)
            .where(cards.c.id == card_id)
        )
        return {row.code: row.impact for row in self._connection.execute(query)}

    def rarity(self, codes: Iterable[int], to: Column[bool], least: int = 1) -> dict[int, float]:
        """Return code → log(1 + (N - n + 0.5) / (n + 0.5)) of the words that are in ``least`` of N texts."""
        asked = {*codes, EVERY_TEXT}
        counted = (
            select(terms.c.code, func.count().label("texts"))
            .where(terms.c.code.in_(asked), terms.c[to.name])
            .group_by(terms.c.code)
        )
        found = {row.code: row.texts for row in self._connection.execute(counted)}
        texts = found.pop(EVERY_TEXT, 0)
        return {
            code: math.log(1 + (texts - count + 0.5) / (count + 0.5)) for code, count in found.items() if count >= least
        }

    def hits(self, asked: AskedWords, to: Column[bool], most: int | None = None) -> Subquery | None:
        """Return the query of card number → score, of the ``most`` best; None where no text can fit."""
        rarity = self.rarity((code for group in asked.groups for code in group), to)
        groups = [
            {code: round(_RARITY * rarity[code] * weight) for code, weight in group.items() if code in rarity}
            for group in asked.groups
        ]
        near = {code: round(_NEAR_WEIGHT * weight) for code, weight in asked.near.items()}
        best = [_of(func.max, group) for group in groups if group]
        if (not best and not near) or (asked.all and not all(groups)):
            return None
        every = and_(true(), *(one.is_not(None) for one in best))
        parts: list[ColumnElement[int]] = [func.coalesce(one, 0) for one in best]
        fits = or_(false(), *(one.is_not(None) for one in best))
        if near:
            nearness = func.coalesce(_of(func.sum, near), 0)
            parts.append(nearness)
            fits = or_(fits, nearness >= _LEAST_NEAR)
        if best and all(groups):
            parts.append(case((every, ALL_WORDS), else_=0))
        score = sum(parts[1:], parts[0]).label("score")
        codes = sorted({code for group in groups for code in group} | near.keys())
        query = select(terms.c.number, score).where(terms.c.code.in_(codes), terms.c[to.name]).group_by(terms.c.number)
        if asked.all:
            return query.having(every).subquery()
        return query.having(fits).order_by(score.desc(), terms.c.number).limit(most).subquery()


def _of(total: Any, weights: Mapping[int, int]) -> ColumnElement[int]:
    """Return the best match, or the sum of all, of some codes within one card; null where there is none."""
    weighed = case(
        *((terms.c.code == code, terms.c.impact * literal(weight)) for code, weight in sorted(weights.items())),
        else_=None,
    )
    return cast(total(weighed), BigInteger)
