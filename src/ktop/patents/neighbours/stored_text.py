"""Reads the text of a patent from its corpus: title and abstract, else the first claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import clean_text
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.index import PatentIndex

#: Texts that are remembered: a rating reads the nearest patents for copies, and most of them again for features.
TEXTS_KEPT = 256

_kept: dict[tuple[Corpus, str], str] = {}


def stored_texts(index: PatentIndex, known_from: Mapping[str, int]) -> dict[str, str]:
    """Return the texts of patents by their ids; those that the corpus does not have are left out.

    A patent lies in the file of its year; only the parts of the files that have one are read, all in one go.

    Parameters
    ----------
    known_from : id → day from which the patent is known (days since 1970).
    """
    corpus = index.corpus
    known = {name: text for name in known_from if (text := _kept.get((corpus, name))) is not None}
    read = _from_files(corpus, {name: day for name, day in known_from.items() if name not in known})
    if len(_kept) >= TEXTS_KEPT:
        _kept.clear()
    _kept.update({(corpus, name): text for name, text in read.items()})
    return known | read


def _from_files(corpus: Corpus, known_from: Mapping[str, int]) -> dict[str, str]:
    rows = _rows(corpus, known_from, "title", "abstract")
    # claims are as long as abstracts, and hardly any patent has a claim alone
    bare = {name: known_from[name] for name, row in rows.items() if not row["abstract"]}
    claims = _rows(corpus, bare, "first_claim")
    return {name: _text_of(row["title"], row["abstract"] or claims[name]["first_claim"]) for name, row in rows.items()}


def _rows(corpus: Corpus, known_from: Mapping[str, int], *columns: str) -> dict[str, dict[str, Any]]:
    """Return some columns of patents by their ids."""
    if not known_from:
        return {}
    days = sorted({day_of(day) for day in known_from.values()})
    # Files are in the order of days: the parts of other days need not be looked at.
    wanted = pl.col("known_from").is_in(days) & pl.col("id").is_in(sorted(known_from))
    files = corpus.patents(sorted({day.year for day in days}))
    with corpus.reading():
        rows = files.filter(wanted).select("id", *columns).collect()
    return {row["id"]: row for row in rows.iter_rows(named=True)}


def _text_of(title: str | None, body: str | None) -> str:
    title = (title or "").strip().rstrip(".")
    return clean_text(f"{title}. {body or ''}" if title else body or "")
