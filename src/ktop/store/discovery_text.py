"""The words of what named firms say of themselves: written with the card, searched by BM25 in one query."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
)

from ktop.store.tables import discovery_cards as cards
from ktop.store.tables import discovery_terms as terms
from ktop.store.tables import organisations

#: The code that stands once for each text, so that they can be counted; its impact says which way of reading it.
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


@dataclass(frozen=True, slots=True)
class Said:
    """What a named firm says of itself, and its names, by the number of its card."""

    number: int
    said: str
    names: str


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

    def read_otherwise(self, way: int, limit: int) -> list[Said]:
        """Return what firms say whose texts were last read in another way than ``way``."""
        query = (
            select(cards.c.number, cards.c.said, organisations.c.name_ko, organisations.c.name_en)
            .join(terms, terms.c.number == cards.c.number)
            .join(organisations, organisations.c.id == cards.c.tenant)
            .where(terms.c.code == EVERY_TEXT, terms.c.impact != way)
            .limit(limit)
        )
        return [Said(row.number, row.said, f"{row.name_ko} {row.name_en}") for row in self._connection.execute(query)]

    def renew(self, number: int, words: Mapping[int, int]) -> None:
        """Put words in the place of those of a card; nothing where the card is gone or was shown anew meanwhile."""
        card = self._connection.execute(select(cards).where(cards.c.number == number).with_for_update()).one_or_none()
        if card is not None:
            self.remove(number)
            kinds = ("bank", "investor", "agency")
            self.put(number, card.tenant, frozenset(kind for kind in kinds if getattr(card, f"to_{kind}")), words)

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
        return _rarity(self._texts(codes, to), least)

    def hits(
        self, asked: AskedWords, to: Column[bool], fit: Select[Any] | None, most: int | None, rows: int
    ) -> Iterator[Hits]:
        """Yield what finds the texts that fit, the cheapest first: the next is needed only where that does not suffice.

        Texts of rare words are read and common words looked up in them, until those that have common words alone could
        be among the best (MaxScore: Turtle and Flood 1995). Nothing where no text can fit.

        Parameters
        ----------
        fit : the numbers of cards that are looked at, None for all.
        most : how many of the best are looked at, None for all.
        rows : how many are wanted: where fewer texts are read, nothing is asked.
        """
        texts = self._texts({code for group in asked.groups for code in group} | asked.near.keys(), to)
        rarity = _rarity(texts)
        groups = [
            {code: round(_RARITY * rarity[code] * weight) for code, weight in group.items() if code in rarity}
            for group in asked.groups
        ]
        near = {code: round(_NEAR_WEIGHT * weight) for code, weight in asked.near.items() if code in rarity}
        whole = bool(groups) and all(groups)
        groups = [group for group in groups if group]
        if (not groups and not near) or (asked.all and not whole):
            return
        aside = _common(groups, texts)
        while True:
            read = {code for place, group in enumerate(groups) for code in group if code != aside.get(place)}
            enough = sum(texts[code] for code in read | near.keys()) >= rows
            if enough or asked.all or not aside:
                yield _Question(groups, near, aside, whole=whole, all=asked.all).hits(to, fit, most)
            if asked.all or not aside:
                return
            del aside[min(aside, key=lambda place: texts[aside[place]])]

    def _texts(self, codes: Iterable[int], to: Column[bool]) -> dict[int, int]:
        """Return code → in how many texts it is, with ``EVERY_TEXT``; common ones as they were up to a minute ago."""
        now, known = time.monotonic(), _COUNTED.setdefault(self._connection.engine, {})
        found = {
            code: known[to.name, code][0]
            for code in {*codes, EVERY_TEXT}
            if now - known.get((to.name, code), (0, -math.inf))[1] < _COUNTED_SECONDS
        }
        counted = (
            select(terms.c.code, func.count().label("texts"))
            .where(terms.c.code.in_({*codes, EVERY_TEXT} - found.keys()), terms.c[to.name])
            .group_by(terms.c.code)
        )
        for row in self._connection.execute(counted):
            found[row.code] = row.texts
            if row.texts >= _COMMON:
                known[to.name, row.code] = row.texts, now
        return found


@dataclass(frozen=True, slots=True)
class Hits:
    """The query of card number → score; all texts with a score above ``least`` are among them."""

    query: Subquery
    least: int


#: In so many texts a word is common: it takes time to count and to read. Counts of common words are kept for a minute,
#: as a few texts more or less do not change how rare a word is.
_COMMON, _COUNTED_SECONDS = 2000, 60.0
_COUNTED: WeakKeyDictionary[Engine, dict[tuple[str, int], tuple[int, float]]] = WeakKeyDictionary()
#: No impact of a word is higher: BM25 with its saturation at 1.2, in hundredths.
_MOST_IMPACT = 220


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, in weights; ``aside``: group → its word that is only looked up; ``whole``: no group is empty."""

    groups: Sequence[Mapping[int, int]]
    near: Mapping[int, int]
    aside: Mapping[int, int]
    whole: bool
    all: bool

    def hits(self, to: Column[bool], fit: Select[Any] | None, most: int | None) -> Hits:
        read = [
            {code: weight for code, weight in group.items() if code != self.aside.get(place)}
            for place, group in enumerate(self.groups)
        ]
        found = self._read(read, to, fit)
        joined: FromClause = found
        best: list[ColumnElement[Any]] = []
        for place, group in enumerate(self.groups):
            own = found.c[f"best_{place}"] if read[place] else null()
            if (code := self.aside.get(place)) is None:
                best.append(own)
                continue
            beside = terms.alias(f"beside_{place}")
            here = and_(beside.c.code == literal_column(str(code)), beside.c.number == found.c.number)
            joined = joined.outerjoin(beside, here)
            other = beside.c.impact * literal_column(str(group[code]))
            best.append(
                case((or_(beside.c.impact.is_(None), own >= other), own), else_=other) if read[place] else other
            )
        parts: list[ColumnElement[Any]] = [func.coalesce(one, 0) for one in best]
        every = and_(true(), *(one.is_not(None) for one in best))
        fits = or_(false(), *(one.is_not(None) for one in best))
        if self.near:
            parts.append(func.coalesce(found.c.near, 0))
            fits = or_(fits, found.c.near >= literal_column(str(_LEAST_NEAR)))
        if self.whole:
            parts.append(case((every, literal_column(str(ALL_WORDS))), else_=0))
        score = sum(parts[1:], parts[0]).label("score")
        query = select(found.c.number, score).select_from(joined).where(every if self.all else fits)
        if most is not None:
            query = query.order_by(score.desc(), found.c.number).limit(most)
        most_aside = sum(_MOST_IMPACT * self.groups[place][code] for place, code in self.aside.items())
        return Hits(query.subquery(), 0 if self.all else most_aside)

    def _read(self, read: Sequence[Mapping[int, int]], to: Column[bool], fit: Select[Any] | None) -> Subquery:
        """Return the query of texts that have a word that is read: the best of each group, the sum of the near."""
        columns = [_of(func.max, group).label(f"best_{place}") for place, group in enumerate(read) if group]
        if self.near:
            columns.append(_of(func.sum, self.near).label("near"))
        codes = sorted({code for group in read for code in group} | self.near.keys())
        # The codes are numbers of our own, written out: so one word is read in the order of its texts, unsorted.
        of = "= " + str(codes[0]) if len(codes) == 1 else "IN (" + ", ".join(map(str, codes)) + ")"
        query = select(terms.c.number, *columns).where(literal_column(f"{terms.name}.code {of}"), terms.c[to.name])
        if fit is not None:  # with its sign a number is looked for in what fits, not every fit in every word
            query = query.where(literal_column(f"+{terms.name}.number", BigInteger).in_(fit))
        return query.group_by(terms.c.number).subquery()


def _rarity(texts: Mapping[int, int], least: int = 1) -> dict[int, float]:
    every = texts.get(EVERY_TEXT, 0)
    return {
        code: math.log(1 + (max(every - count, 0) + 0.5) / (count + 0.5))
        for code, count in texts.items()
        if code != EVERY_TEXT and count >= least
    }


def _common(groups: Sequence[Mapping[int, int]], texts: Mapping[int, int]) -> dict[int, int]:
    """Return group → its commonest word, of those that are common; one group is left, so that all texts of it are read.

    Whatever has a word of every group is then among the texts read.
    """
    commonest = {place: max(group, key=lambda code: texts[code]) for place, group in enumerate(groups)}
    common = {place: code for place, code in commonest.items() if texts[code] >= _COMMON}
    if len(common) == len(groups) and common:
        del common[min(common, key=lambda place: texts[common[place]])]
    return common


def _of(total: Any, weights: Mapping[int, int]) -> ColumnElement[int]:
    """Return the best match, or the sum of all, of some codes within one card; null where there is none."""
    whens = " ".join(f"WHEN {code} THEN {terms.name}.impact * {weight}" for code, weight in sorted(weights.items()))
    found: ColumnElement[int] = total(literal_column(f"CASE {terms.name}.code {whens} END", BigInteger))
    return found
