"""The words of what named firms say of themselves: written with the card, searched by BM25 in one query."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Subquery,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)

from ktop.store.tables import discovery_cards as cards
from ktop.store.tables import discovery_terms as terms

#: The code that stands once for each text, so that they can be counted.
EVERY_TEXT = 0
_RARITY = 1000


@dataclass(frozen=True, slots=True)
class AskedWords:
    """A question: groups of code → weight, of each of which the best match counts; ``all`` groups must match."""

    groups: Sequence[Mapping[int, float]]
    all: bool = True


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

    def hits(self, asked: AskedWords, to: Column[bool]) -> Subquery | None:
        """Return the query of card number → score; None where no text can fit."""
        rarity = self.rarity((code for group in asked.groups for code in group), to)
        parts: list[ColumnElement[int]] = []
        for group in asked.groups:
            known = {code: round(_RARITY * rarity[code] * weight) for code, weight in group.items() if code in rarity}
            if known:
                parts.append(_best(known, needed=asked.all))
            elif asked.all:
                return None
        if not parts:
            return None
        score = sum(parts[1:], parts[0]).label("score")
        codes = [code for group in asked.groups for code in group if code in rarity]
        query = select(terms.c.number, score).where(terms.c.code.in_(codes), terms.c[to.name]).group_by(terms.c.number)
        return query.having(score.is_not(None)).subquery()


def _best(weights: Mapping[int, int], *, needed: bool) -> ColumnElement[int]:
    """Return the best match of a group within one card; null (so that the whole sum is) where a needed one is none."""
    weighed = case(
        *((terms.c.code == code, terms.c.impact * literal(weight)) for code, weight in sorted(weights.items())),
        else_=None,
    )
    best = cast(func.max(weighed), BigInteger)
    return best if needed else func.coalesce(best, 0)
