"""Finds the patents of the corpus behind cited numbers: who cites whom, as ids."""

from __future__ import annotations

import polars as pl

from ktop.patents.corpus import Corpus

#: Kind code at the end of a normalised number (see ``ktop.domain.patent.number_without_kind``).
_KIND = r"(\d)[A-Z]\d{0,2}$"
#: References to the patent's own family (continuations, divisions, priorities) are no citations of other art.
_OWN_FAMILY = "family"


def known_numbers(corpus: Corpus) -> pl.DataFrame:
    """Return every number that leads to a patent: ``number`` (each once) and ``id``.

    These are the id, the patent's other publications, and both without their kind codes: how most sources cite. Where
    two patents share a number the exact one counts, then the earlier patent.
    """
    rows = corpus.patents().select("id", "known_from", "also_published_as").collect()
    printed = pl.concat(
        [
            rows.select("id", "known_from", number="id", rank=pl.lit(0)),
            rows.filter(pl.col("also_published_as").list.len() > 0)
            .explode("also_published_as")
            .select("id", "known_from", number="also_published_as", rank=pl.lit(1)),
        ]
    )
    bare = printed.with_columns(pl.col("number").str.replace(_KIND, "${1}"), pl.col("rank") + 2)
    return (
        pl.concat([printed, bare])
        .sort("number", "rank", "known_from", "id", nulls_last=True)
        .unique("number", keep="first", maintain_order=True)
        .select("number", "id")
    )


def resolved_citations(corpus: Corpus) -> pl.DataFrame:
    """Return every citation of other art once.

    Columns: ``citing`` and ``cited`` as the source prints them (normalised), ``citing_id`` and ``cited_id`` where the
    corpus has the patent (else null), ``category``. References within a family and of a patent to itself are left out;
    so are repeats of one pair under several numbers.
    """
    numbers = known_numbers(corpus)
    edges = corpus.citations().select("citing", "cited", "category").collect()
    edges = edges.filter(pl.col("category").ne_missing(_OWN_FAMILY))
    for side in ("citing", "cited"):
        edges = _resolve(edges, side, numbers)
    return (
        edges.filter(pl.col("citing_id").ne_missing(pl.col("cited_id")) | pl.col("citing_id").is_null())
        .with_columns(source=pl.coalesce("citing_id", "citing"), target=pl.coalesce("cited_id", "cited"))
        .sort("source", "target", "category", nulls_last=True)
        .unique(["source", "target"], keep="first", maintain_order=True)
        .select("citing", "cited", "citing_id", "cited_id", "category")
    )


def _resolve(edges: pl.DataFrame, side: str, numbers: pl.DataFrame) -> pl.DataFrame:
    """Add ``{side}_id``: the patent with exactly the number, else the one with it but for the kind code."""
    exact = numbers.rename({"number": side, "id": "exact"})
    bare = numbers.rename({"number": "bare", "id": "without_kind"})
    return (
        edges.join(exact, on=side, how="left")
        .with_columns(bare=pl.col(side).str.replace(_KIND, "${1}"))
        .join(bare, on="bare", how="left")
        .with_columns(pl.coalesce("exact", "without_kind").alias(f"{side}_id"))
        .drop("exact", "bare", "without_kind")
    )
