"""Finds the patents of the corpus behind cited numbers: who cites whom, in SQL over the corpus's files.

Patents are numbered ``n`` = 0, 1, 2 ... in the order of the days they are known from (undated ones last), then of their
ids. Printed numbers that lead to no patent of the corpus are numbered on from there, so that two patents citing the
same document outside the corpus are seen to do so. Numbers meet under their look-up key, so that one document cited
with and without its kind code is one citation.
"""

# ruff: noqa: S608 - SQL is put together of constants, numbers and quoted file names only

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.database import Database, database, parquet
from ktop.patents.corpus.look_up import make_look_up_macros, with_keys

#: References to the patent's own family (continuations, divisions, priorities) are no citations of other art.
_OWN_FAMILY = "family"
#: The patent number of China (ZL) is that of the application, unlike any of its publications.
_CITED_BY_APPLICATION = "CN"


def corpus_files(corpus: Corpus) -> Iterator[tuple[Path, int]]:
    """Yield the files of patents in the corpus's order, each with the number of patents before it."""
    before = 0
    for year in corpus.years:
        part = corpus.manifest.partitions[year]
        yield corpus.path(part), before
        before += part.rows


def load_patents(db: Database, corpus: Corpus) -> None:
    """Make the table ``patents`` of the corpus's patents.

    Columns: ``n``, ``position`` in the corpus, ``id``, ``known_from``, ``publication_date``, ``family``, ``claims``,
    ``literature`` (number of other documents cited), ``classes`` (subclasses in their order, repeats included, of IPC
    or, where there is none, CPC) and ``also`` (other publications).
    """
    db.run(
        """CREATE TABLE loaded (position BIGINT, id VARCHAR, known_from DATE, publication_date DATE, family VARCHAR,
        claims INTEGER, literature INTEGER, classes VARCHAR[], also VARCHAR[])"""
    )
    for path, before in corpus_files(corpus):
        db.run(
            f"""INSERT INTO loaded SELECT {before} + file_row_number, id, known_from, publication_date, family,
                claims_count, len(cited_literature),
                list_transform(CASE WHEN len(ipc) > 0 THEN ipc ELSE cpc END, lambda symbol: symbol[1:4]),
                also_published_as
            FROM {parquet(path, numbered=True)}"""
        )
    number_patents(db)


def number_patents(db: Database) -> None:
    """Make ``patents`` of the table ``loaded`` (the same columns without ``n``)."""
    db.run(
        """CREATE TABLE patents AS
        SELECT (row_number() OVER (ORDER BY known_from NULLS LAST, id) - 1)::INTEGER AS n, * FROM loaded ORDER BY n"""
    )
    db.run("DROP TABLE loaded")


def load_citations(db: Database, corpus: Corpus) -> None:
    """Make the tables ``cites`` (as printed) and ``lookup`` (printed number → ``k``) of the corpus's citations.

    ``cites`` has ``a`` (the citing patent's ``n`` where its own record says so, else null and ``citing`` is the printed
    number), ``citing``, ``cited`` and ``category``. In ``lookup``, ``k`` below the number of patents is a patent's
    ``n``. Needs ``patents``.
    """
    db.run("CREATE TABLE cites (a INTEGER, citing VARCHAR, cited VARCHAR, category VARCHAR)")
    for path, before in corpus_files(corpus):
        db.run(
            f"""INSERT INTO cites SELECT n, NULL, entry.number, entry.category FROM (
                SELECT {before} + file_row_number AS position, unnest(cited_patents) AS entry
                FROM {parquet(path, numbered=True)}
            ) JOIN patents USING (position)
            WHERE entry.category IS DISTINCT FROM '{_OWN_FAMILY}'"""
        )
    if corpus.manifest.citations is not None:
        db.run(
            f"""INSERT INTO cites SELECT NULL, citing, cited, category
            FROM {parquet(corpus.path(corpus.manifest.citations))}
            WHERE category IS DISTINCT FROM '{_OWN_FAMILY}'"""
        )
    db.run("CREATE TABLE applications (number VARCHAR, n INTEGER)")
    for path, before in corpus_files(corpus):
        db.run(
            f"""INSERT INTO applications SELECT application, n FROM (
                SELECT {before} + file_row_number AS position, application FROM {parquet(path, numbered=True)}
                WHERE application LIKE '{_CITED_BY_APPLICATION}%'
            ) JOIN patents USING (position)"""
        )
    make_look_up_macros(db)
    _load_numbers(db)
    printed = with_keys("SELECT cited AS number FROM cites UNION SELECT citing FROM cites WHERE a IS NULL")
    db.run(f"CREATE TABLE printed AS {printed}")
    db.run(
        """CREATE TABLE found AS SELECT printed.number, printed.key, coalesce(exact.n, by_key.n) AS n
        FROM printed
        LEFT JOIN numbers AS exact ON exact.number = printed.number
        LEFT JOIN numbers AS by_key ON by_key.number = printed.key"""
    )
    db.run("DROP TABLE numbers")
    db.run("DROP TABLE printed")
    db.run(
        """CREATE TABLE outside AS
        SELECT key, ((SELECT count(*) FROM patents) + row_number() OVER () - 1)::INTEGER AS k
        FROM (SELECT DISTINCT key FROM found WHERE n IS NULL)"""
    )
    db.run(
        """CREATE TABLE lookup AS
        SELECT number, n AS k FROM found WHERE n IS NOT NULL
        UNION ALL SELECT number, k FROM found JOIN outside USING (key) WHERE n IS NULL"""
    )
    db.run("DROP TABLE found")
    db.run("DROP TABLE outside")


def _load_numbers(db: Database) -> None:
    """Make ``numbers``: each number, and each key of numbers, that leads to a patent, and the patent's ``n``.

    Needs ``applications``: numbers of applications that are cited as if they were publications.

    Where two patents share a number the exact one counts, then the earlier patent.
    """
    db.run(
        f"""CREATE TABLE numbers AS
        WITH printed AS (
            SELECT id AS number, n, 0 AS rank FROM patents
            UNION ALL SELECT unnest(also), n, 1 FROM patents WHERE len(also) > 0
        ), every AS (
            SELECT number, (rank::BIGINT << 32) + n AS place FROM printed
            UNION ALL SELECT key, ((rank + 2)::BIGINT << 32) + n FROM ({with_keys("SELECT * FROM printed")})
            UNION ALL SELECT number, (4::BIGINT << 32) + n FROM applications
        )
        SELECT number, (min(place) & 4294967295)::INTEGER AS n FROM every GROUP BY number"""
    )


def make_edges(db: Database) -> None:
    """Make ``edges`` of ``cites`` and ``lookup``: each citation once, from ``a`` to ``b``, never to oneself."""
    db.run(
        """CREATE TABLE edges AS
        SELECT DISTINCT coalesce(cites.a, citing.k)::INTEGER AS a, cited.k::INTEGER AS b
        FROM cites JOIN lookup AS cited ON cites.cited = cited.number
        LEFT JOIN lookup AS citing ON cites.citing = citing.number
        WHERE coalesce(cites.a, citing.k) <> cited.k"""
    )
    db.run("DROP TABLE cites")
    db.run("DROP TABLE lookup")


def resolved_citations(corpus: Corpus) -> pl.DataFrame:
    """Return every citation of other art once.

    Columns: ``citing`` and ``cited`` as the source prints them (normalised), ``citing_id`` and ``cited_id`` where the
    corpus has the patent (else null), ``category``. References within a family and of a patent to itself are left out;
    so are repeats of one pair under several numbers.
    """
    with corpus.reading(), _scratch(corpus) as folder, database(Path(folder)) as db:
        load_patents(db, corpus)
        load_citations(db, corpus)
        target = Path(folder) / "citations.parquet"
        db.write(
            """SELECT coalesce(cites.citing, origin.id) AS citing, cites.cited, origin.id AS citing_id,
                goal.id AS cited_id, category
            FROM cites JOIN lookup AS cited ON cites.cited = cited.number
            LEFT JOIN lookup AS citing ON cites.citing = citing.number
            LEFT JOIN patents AS origin ON origin.n = coalesce(cites.a, citing.k)
            LEFT JOIN patents AS goal ON goal.n = cited.k
            WHERE coalesce(cites.a, citing.k) <> cited.k
            QUALIFY row_number() OVER (
                PARTITION BY coalesce(cites.a, citing.k), cited.k ORDER BY category NULLS LAST, 2, 1
            ) = 1
            ORDER BY coalesce(origin.id, cites.citing), coalesce(goal.id, cites.cited)""",
            target,
        )
        return pl.read_parquet(target, glob=False)


def _scratch(corpus: Corpus) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=".citing-", dir=corpus.directory if corpus.directory.is_dir() else None)
