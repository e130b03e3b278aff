"""Citation and class measures in SQL: originality, generality, citations received, disruption, lags, scope, family.

Needs the tables ``patents`` and ``edges`` of ``ktop.patents.corpus.citations`` and leaves the table ``by_citation``.
Long joins run by years of filing, in whose order patents are numbered: by small years together, by parts of a large
one, so that memory stays bounded and progress can be told. One side of a join is the year's, the other one whole,
because citations go from year to year. Sums are of whole numbers, so that nothing depends on the order of rows or the
number of threads.
"""

# ruff: noqa: S608 - SQL is put together of constants, numbers and quoted file names only

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from ktop.patents.corpus.database import Database
from ktop.patents.measures.definitions import DAYS_PER_YEAR, DISRUPTION_YEARS, WINDOWS
from ktop.patents.measures.elsewhere import Elsewhere

#: Patents, and pairs of patents two citations apart, that are joined at a time.
PATENTS_AT_A_TIME = 500_000
PAIRS_AT_A_TIME = 40_000_000
#: The weight of one citation as a whole number: 1/m of it is exact for up to sixteen subclasses.
_ONE = 720_720 * 4_096

#: Called with the share of the work that is done, 0 to 1.
Share = Callable[[float], None]


def measure_citations(db: Database, as_of: date | None, tell: Share, elsewhere: Elsewhere | None = None) -> None:
    """Make ``by_citation``: ``n`` and the citation and class measures of every patent.

    The long joins run here, or ``elsewhere``; the table is the same.
    """
    run = functools.partial(_run_here, db) if elsewhere is None else functools.partial(elsewhere.run, db)
    _date_edges(db, as_of)
    tell(0.15)
    _weigh_classes(db)
    for number, (name, of, through) in enumerate((("originality", "a", "b"), ("generality", "b", "a"))):
        _diversity(db, name, of, through, run)
        tell(0.3 + 0.15 * number)
    _received_and_cited(db, as_of)
    tell(0.5)
    _disruption(db, lambda share: tell(0.5 + 0.45 * share), run)
    _join(db)
    tell(1.0)


def _date_edges(db: Database, as_of: date | None) -> None:
    """Make ``dated``: the citations with their days, and ``watched``: the last days on which citations are known.

    Days are of publication where both patents have one, else both are ``known_from``: a lag never mixes the two.
    """
    within = ", ".join(f"citing <= cited + INTERVAL {years} YEAR AS in_{years}y" for years in WINDOWS)
    db.run(
        f"""CREATE TABLE dated AS
        SELECT a, b, a_known, a_published, citing - cited AS lag, {within} FROM (
            SELECT a, b, x.known_from AS a_known, x.publication_date AS a_published,
                CASE WHEN x.publication_date IS NOT NULL AND y.publication_date IS NOT NULL
                    THEN x.publication_date ELSE x.known_from END AS citing,
                CASE WHEN x.publication_date IS NOT NULL AND y.publication_date IS NOT NULL
                    THEN y.publication_date ELSE y.known_from END AS cited
            FROM edges LEFT JOIN patents AS x ON x.n = a LEFT JOIN patents AS y ON y.n = b
            {"" if as_of is None else "WHERE x.known_from < $day"}
        ) ORDER BY b, a""",
        {} if as_of is None else {"day": as_of},
    )
    db.run("CREATE TABLE citing AS SELECT a, b FROM dated ORDER BY a, b")
    db.run("DROP TABLE edges")
    db.run("CREATE TABLE watched AS SELECT max(a_known) AS known, max(a_published) AS published FROM dated")
    if as_of is not None:  # the corpus has been watched up to that day
        db.run("UPDATE watched SET known = $day, published = $day", {"day": as_of})


def _weigh_classes(db: Database) -> None:
    """Make ``weights``: a patent's weight of ``_ONE`` spread over its subclasses."""
    db.run(
        """CREATE TABLE subclass AS SELECT name, row_number() OVER (ORDER BY name)::INTEGER AS c
        FROM (SELECT DISTINCT unnest(classes) AS name FROM patents)"""
    )
    db.run(
        f"""CREATE TABLE weights AS
        SELECT n, c, round({_ONE} / m)::BIGINT AS weight FROM (
            SELECT n, unnest(list_distinct(classes)) AS name, len(list_distinct(classes)) AS m FROM patents
        ) JOIN subclass USING (name) ORDER BY n"""
    )
    db.run("DROP TABLE subclass")


def _periods(years: Iterable[tuple[int, int, int]], most: int) -> Iterator[tuple[int, int]]:
    """Join neighbouring years, or parts of years, while together they are at most so large.

    ``years`` are first and last patent and size, in their order; the patents between two belong to neither.
    """
    held: tuple[int, int, int] | None = None
    for first, last, size in years:
        if held is not None and held[2] + size > most:
            yield held[:2]
            held = None
        held = (first, last, size) if held is None else (held[0], last, held[2] + size)
    if held is not None:
        yield held[:2]


#: Puts the rows of several queries on some tables into one table: (its name, the tables, the queries) → a sign of each.
_Run = Callable[[str, Sequence[str], Sequence[str]], Iterator[None]]


def _run_here(db: Database, name: str, _tables: Sequence[str], queries: Sequence[str]) -> Iterator[None]:
    for query in queries:
        db.run(f"INSERT INTO {name} {query}")
        yield


def _diversity(db: Database, name: str, of: str, through: str, run: _Run) -> None:
    """Make the table ``name``: 1 - sum of s_j^2 over the classes of the patents at the other end of citations."""
    edges = "citing" if of == "a" else "dated"
    db.run(f"CREATE TABLE {name} (n INTEGER, spread DOUBLE, citations DOUBLE)")
    years = [
        (first, min(first + PATENTS_AT_A_TIME, stop) - 1, min(PATENTS_AT_A_TIME, stop - first))
        for start, stop in db.rows("SELECT min(n), max(n) + 1 FROM patents GROUP BY year(known_from) ORDER BY 1")
        for first in range(start, stop, PATENTS_AT_A_TIME)
    ]
    queries = [
        f"""SELECT n, greatest(0, 1 - sum(w::HUGEINT * w)::DOUBLE / (sum(w)::DOUBLE * sum(w)::DOUBLE)),
                round(sum(w)::DOUBLE / {_ONE}, 6)
            FROM (
                SELECT {of} AS n, c, sum(weight)::BIGINT AS w
                FROM {edges} JOIN weights ON weights.n = {through}
                WHERE {of} BETWEEN {first} AND {last}
                GROUP BY {of}, c
            ) GROUP BY n"""
        for first, last in _periods(years, PATENTS_AT_A_TIME)
    ]
    for _ in run(name, (edges, "weights"), queries):
        pass


def _received_and_cited(db: Database, as_of: date | None) -> None:
    """Make ``received`` and ``cited``: numbers of citations and mean lags, forward and backward."""
    patents = db.value("SELECT count(*) FROM patents")
    windows = ", ".join(f"count(*) FILTER (WHERE in_{years}y)::INTEGER AS within_{years}y" for years in WINDOWS)
    mean = f"sum(lag)::DOUBLE / count(lag) / {DAYS_PER_YEAR}"
    db.run(
        f"""CREATE TABLE received AS SELECT b AS n, count(*)::INTEGER AS citations, {mean} AS lag, {windows}
        FROM dated WHERE b < {patents} GROUP BY b"""
    )
    db.run(
        f"""CREATE TABLE cited AS SELECT a AS n, count(*)::INTEGER AS citations, {mean} AS lag
        FROM dated WHERE a < {patents} GROUP BY a"""
    )


def _over(years: int) -> str:
    """Return SQL that says whether a patent's window is over: the corpus knows citations up to its end, or later.

    By publication where the patent has such a day and citing patents do, else by ``known_from``.
    """
    return f"""CASE WHEN publication_date IS NOT NULL AND published IS NOT NULL
        THEN publication_date + INTERVAL {years} YEAR <= published
        ELSE known_from + INTERVAL {years} YEAR <= known END"""


def _disruption(db: Database, tell: Share, run: _Run) -> None:
    """Make ``disrupted``: the disruption index of patents that cite something and whose window is over.

    Citing patents count where they are later than the focal patent, by no more than the window. References outside the
    corpus count: two patents that cite the same printed number are seen to do so.
    """
    db.run("CREATE TABLE disrupted (n INTEGER, disruption DOUBLE)")
    db.run(
        f"""CREATE TABLE focal AS
        WITH degree AS (SELECT b, count(*) AS citations FROM dated GROUP BY b),
        work AS (SELECT a AS n, sum(citations) AS pairs FROM citing JOIN degree USING (b) GROUP BY a)
        SELECT n, known_from, publication_date,
            (known_from + INTERVAL {DISRUPTION_YEARS} YEAR)::DATE AS known_end,
            (publication_date + INTERVAL {DISRUPTION_YEARS} YEAR)::DATE AS published_end,
            (sum(pairs) OVER (PARTITION BY year(known_from) ORDER BY n) // {PAIRS_AT_A_TIME})::INTEGER AS part, pairs
        FROM work JOIN patents USING (n), watched WHERE {_over(DISRUPTION_YEARS)} ORDER BY n"""
    )
    within = """CASE WHEN publication_date IS NOT NULL AND a_published IS NOT NULL
        THEN a_published > publication_date AND a_published <= published_end
        ELSE a_known > known_from AND a_known <= known_end END"""
    years = db.rows("SELECT min(n), max(n), sum(pairs) FROM focal GROUP BY year(known_from), part ORDER BY 1")
    queries = [
        f"""WITH ahead AS (SELECT * FROM focal WHERE n BETWEEN {first} AND {last}),
            ways AS (
                SELECT n, citing, bit_or(way) AS way FROM (
                    SELECT n, later.a AS citing, 2 AS way
                    FROM ahead JOIN citing AS reference ON reference.a = n JOIN dated AS later ON later.b = reference.b
                    WHERE reference.a BETWEEN {first} AND {last} AND {within}
                    UNION ALL
                    SELECT n, later.a, 1 FROM ahead JOIN dated AS later ON later.b = n
                    WHERE later.b BETWEEN {first} AND {last} AND {within}
                ) GROUP BY n, citing
            )
            SELECT n, sum(CASE way WHEN 1 THEN 1 WHEN 3 THEN -1 ELSE 0 END)::DOUBLE / count(*) FROM ways GROUP BY n"""
        for first, last in _periods(years, PAIRS_AT_A_TIME)
    ]
    for number, _ in enumerate(run("disrupted", ("focal", "citing", "dated"), queries)):
        tell((number + 1) / len(queries))
    db.run("DROP TABLE focal")


def _percentile(cohort: str) -> str:
    """Return SQL for the share (0 to 100) of the cohort with fewer citations, ties counted half."""
    order = f"OVER (PARTITION BY {cohort}, forward_citations IS NULL ORDER BY forward_citations)"
    ties = f"OVER (PARTITION BY {cohort}, forward_citations)"
    everyone = f"OVER (PARTITION BY {cohort}, forward_citations IS NULL)"
    return f"(rank() {order} - 1 + count(*) {ties} / 2) / count(*) {everyone} * 100"


def _join(db: Database) -> None:
    """Make ``by_citation`` of everything.

    A patent that nobody cites has 0 only where the corpus could know: a patent whose citations are listed is later than
    it (for a window: later than the window's end). Else it is null.
    """
    windows = ", ".join(
        f"CASE WHEN {_over(years)} THEN coalesce(within_{years}y, 0) END AS forward_citations_{years}y"
        for years in WINDOWS
    )
    corrected = "CASE WHEN {0}.citations > 1 THEN {0}.spread * {0}.citations / ({0}.citations - 1) END AS {0}_corrected"
    db.run(
        f"""CREATE TABLE joined AS
        SELECT n, position, id, year(known_from)::INTEGER AS year, classes[1] AS field,
            originality.spread AS originality, {corrected.format("originality")},
            generality.spread AS generality, {corrected.format("generality")},
            coalesce(received.citations, CASE WHEN known_from < known THEN 0 END)::INTEGER AS forward_citations,
            {windows},
            disruption AS disruption_5y,
            nullif(len(list_distinct(classes)), 0)::INTEGER AS scope, claims, families.size AS family_size,
            cited.citations AS backward_citations, nullif(literature, 0) AS literature_citations,
            cited.lag AS backward_lag_years, received.lag AS forward_lag_years
        FROM patents LEFT JOIN originality USING (n) LEFT JOIN generality USING (n)
        LEFT JOIN received USING (n) LEFT JOIN cited USING (n) LEFT JOIN disrupted USING (n)
        LEFT JOIN (
            SELECT family, count(*)::INTEGER AS size FROM patents WHERE family IS NOT NULL GROUP BY family
        ) AS families USING (family), watched"""
    )
    db.run(
        f"""CREATE TABLE by_citation AS SELECT *,
            CASE WHEN forward_citations IS NOT NULL AND field IS NOT NULL AND year IS NOT NULL
                THEN {_percentile("field, year")} END AS citations_field_year_percentile,
            CASE WHEN forward_citations IS NOT NULL AND year IS NOT NULL
                THEN {_percentile("year")} END AS citations_year_percentile
        FROM joined"""
    )
    for table in ("joined", "originality", "generality", "received", "cited", "disrupted", "dated", "citing"):
        db.run(f"DROP TABLE {table}")
