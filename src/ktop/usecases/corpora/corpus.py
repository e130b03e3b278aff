"""The patent corpus as a user works with it: import, index, search, measures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ktop.catalogue import Lang, text
from ktop.domain.patent.numbers import ids_of
from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import titled
from ktop.kernel.errors import InputError, KtopError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.kernel.processes import InOrder, answers_in_order
from ktop.kernel.progress import Progress, silent
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import ImportReport, import_paths
from ktop.patents.engine.ahead import AskOthers
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.integrity import check
from ktop.patents.engine.patent_search import Filter
from ktop.patents.engine.segment import NO_DAY
from ktop.patents.measures import compute_measures
from ktop.usecases.corpora.equating import bring_equating_up_to_date
from ktop.usecases.corpora.interface import SearchRequest
from ktop.usecases.corpora.opening import OpenIndex
from ktop.usecases.corpora.reference import bring_reference_up_to_date
from ktop.usecases.uploads import read_table, require_table_ending

#: Queries in a table are answered one after the other; progress is told every so many.
_TELL_EVERY = 10


def import_patents(
    paths: Sequence[Path], corpus: Path, *, format_name: str | None = None, progress: Progress = silent
) -> ImportReport:
    """Import source files into a corpus folder; see ``ktop.patents.corpus.importing.import_paths``."""
    return import_paths(corpus, list(paths), format_name, progress=progress)


def index_patents(
    corpus: Path,
    *,
    workers: int = 2,
    lang: Lang = "ko",
    progress: Progress = silent,
    in_order: InOrder = answers_in_order,
    ask_others: AskOthers | None = None,
) -> dict[str, Any]:
    """Bring the index of a corpus up to date, and what technologies are rated against: reference table and equating.

    ``in_order`` says where several workers analyse texts; ``ask_others`` asks for help with whole segments. Returns
    ``total`` (patents indexed in all), ``added`` and ``seconds``.
    """
    report = build_index(corpus, workers, _named(progress, lang), in_order, ask_others)
    reference = bring_reference_up_to_date(corpus, lang=lang, progress=progress)
    bring_equating_up_to_date(corpus, PatentIndex(corpus), reference)
    return {"total": report.patents, "added": report.indexed, "seconds": report.seconds}


def _named(progress: Progress, lang: Lang) -> Progress:
    """Return ``progress`` for work that tells the key of a stage: users are told its name."""
    return lambda done, total, stage: progress(done, total, text(f"cli.stage_{stage}", lang))


def measure_patents(
    corpus: Path,
    *,
    workers: int = 1,
    lang: Lang = "ko",
    progress: Progress = silent,
    in_order: InOrder = answers_in_order,
) -> dict[str, Any]:
    """Compute the measures of every patent of a corpus; ``in_order`` says where several workers run the long joins.

    Returns how many ``patents`` there are, the ``citations`` known, those ``resolved`` to patents of it, and the
    ``seconds`` taken.
    """
    report = compute_measures(Corpus.open(corpus), _named(progress, lang), workers=workers, in_order=in_order)
    return {
        "patents": report.patents,
        "citations": report.citations,
        "resolved": report.resolved,
        "seconds": report.seconds,
    }


def verify_patents(
    corpus: Path, *, repair: bool = False, lang: Lang = "ko", progress: Progress = silent
) -> dict[str, Any]:
    """Hold every file of a corpus and its index against its digest; take damaged parts of the index out on ``repair``.

    Returns how many parts were ``checked``, ``damaged`` files of the index, ``lost`` files of the corpus, and whether
    the index was ``repaired``.
    """
    report = check(corpus, repair=repair, progress=_named(progress, lang))
    return {
        "checked": report.checked,
        "damaged": report.damaged,
        "lost": report.lost,
        "repaired": report.repaired,
    }


def search_text(
    query: str, *, corpus: Path, how: SearchRequest, open_index: OpenIndex = PatentIndex
) -> list[dict[str, Any]]:
    """Return the patents nearest to a text, best first, each with score, title, applicants and filing date."""
    index = open_index(corpus)
    hits = index.search(query, how.top, how.before, mode=_mode(how.mode), only=search_filter(how))
    found = []
    docs = index.docs_of([hit.patent_id for hit in hits])
    for hit, shown, day in zip(hits, index.displays(docs), index.tables.day[docs].tolist(), strict=True):
        found.append(
            {
                "patent_id": hit.patent_id,
                "score": hit.score,
                "title": shown.title,
                "applicants": list(shown.applicants),
                "filing_date": None if day == NO_DAY else day_of(day).isoformat(),
            }
        )
    return found


def search_filter(how: SearchRequest) -> Filter | None:
    """Return the filter of a search, None where nothing is asked for.

    Raises ``InputError`` for what is no beginning of a class symbol, no country code or no language of the corpus.
    """
    for values, pattern, key in (
        (how.classes, r"[A-HY](\d{2}[A-Z]?)?", "patents.filter_class"),
        (how.countries, r"[A-Z]{2}", "patents.filter_country"),
        (how.languages, r"ko|en", "patents.filter_language"),
    ):
        for value in values:
            if not re.fullmatch(pattern, value):
                raise InputError(key, value=value[:20])
    if not (how.classes or how.countries or how.languages):
        return None
    return Filter(
        languages=frozenset(how.languages) or None,
        classes=frozenset(how.classes) or None,
        countries=frozenset(how.countries) or None,
    )


def _mode(name: str) -> Any:
    return name  # the index refuses an unknown mode by name


def search_queries(
    queries: Path,
    out: Path,
    *,
    corpus: Path,
    how: SearchRequest,
    lang: Lang = "ko",
    progress: Progress = silent,
    open_index: OpenIndex = PatentIndex,
) -> dict[str, int]:
    """Search for every row of a table of queries (see ``read_queries``) and write ``query_id, rank, patent_id, score``.

    A query that cannot be searched (no Korean or English letters) has no rows in the result; ``refused`` counts them.
    """
    require_table_ending(out, (".parquet",))
    only = search_filter(how)
    given = read_queries(queries)
    index = open_index(corpus)
    rows: list[tuple[str, int, str, float]] = []
    refused = 0
    for number, query in enumerate(given):
        if number % _TELL_EVERY == 0:
            progress(number, len(given), text("cli.step_searching", lang))
        try:
            day = query["before"] or how.before
            hits = index.search(query["text"], how.top, day, query["exclude"], _mode(how.mode), only)
        except KtopError as error:
            if error.key == "patents.search_mode" or isinstance(error, UnavailableError):
                raise  # no query is at fault
            refused += 1
            continue
        rows += [(query["query_id"], rank, hit.patent_id, hit.score) for rank, hit in enumerate(hits, start=1)]
    frame = pl.DataFrame(
        rows,
        schema={"query_id": pl.String, "rank": pl.Int64, "patent_id": pl.String, "score": pl.Float64},
        orient="row",
    )
    with atomic_path(out) as beside:
        frame.write_parquet(beside, compression="zstd")
    return {"queries": len(given), "refused": refused}


def read_queries(path: Path) -> list[dict[str, Any]]:
    """Return a table of queries: ``query_id``, ``text``, and maybe ``title``, ``before``, ``exclude`` (patent ids).

    Raises ``InputError`` where a needed column is absent or a ``before`` is not a date.
    """
    frame: pl.DataFrame = read_table(path)
    for column in ("query_id", "text"):
        if column not in frame.columns:
            raise InputError("records.queries_column", path=path.name, column=column)
    dates: list[date | None] = [None] * frame.height
    if "before" in frame.columns:
        try:
            dates = (
                frame["before"].cast(pl.Date).to_list()
                if frame["before"].dtype != pl.String
                else [None if value in (None, "") else date.fromisoformat(value) for value in frame["before"]]
            )
        except (ValueError, pl.exceptions.PolarsError) as error:
            raise InputError("records.queries_before", path=path.name) from error
    titles: list[Any] = frame["title"].to_list() if "title" in frame.columns else [None] * frame.height
    excludes: list[Any] = [None] * frame.height
    if "exclude" in frame.columns:
        excludes = frame["exclude"].to_list()
    return [
        {
            "query_id": str(identifier),
            "text": titled(None if title is None else str(title), "" if words is None else str(words)),
            "before": day,
            "exclude": _ids(out.split() if isinstance(out, str) else out or ()),
        }
        for identifier, title, words, day, out in zip(
            frame["query_id"], titles, frame["text"], dates, excludes, strict=True
        )
    ]


def _ids(named: Sequence[Any]) -> tuple[str, ...]:
    """Return the ids of patents however their numbers are printed (``ktop.domain.patent.numbers.ids_of``)."""
    return tuple(dict.fromkeys(patent_id for name in named if name for patent_id in ids_of(str(name))))
