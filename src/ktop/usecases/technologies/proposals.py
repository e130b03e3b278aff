"""Ranks a table of R&D proposals by originality, and says which repeat a patent or one another."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import Lang, load, message, text
from ktop.domain.values.kind import as_seen, half_width, refuse_error
from ktop.kernel.errors import InputError, KtopError, TooLargeError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import Table
from ktop.kernel.waiting import stop_if_nobody_waits
from ktop.models.originality.caps import is_thin_field
from ktop.patents.engine.questions import Question
from ktop.patents.neighbours.neighbourhood import question_of
from ktop.patents.neighbours.repeats import meaning_similarities, word_similarities
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.corpora.neighbourhood import neighbourhood_of
from ktop.usecases.technologies.interface import RankReport
from ktop.usecases.technologies.many import without_score
from ktop.usecases.technologies.rating import technology_of
from ktop.usecases.uploads import read_told_table, require_table_ending, sentences, write_table

#: Columns of the answer, in their order.
COLUMNS = (
    *("rank", "proposal_id", "title", "score", "grade", "core", "originality", "value", "spillover", "density"),
    *("ocean", "nearest_patent", "nearest_title", "nearest_similarity", "repeats_patent", "duplicate_of"),
    *("duplicate_similarity", "caution", "model_version", "problem"),
)
_NUMBERS = frozenset(
    ("score", "core", "originality", "value", "spillover", "nearest_similarity", "duplicate_similarity")
)
_COUNTS = frozenset(("rank", "density"))

#: Proposals that a page or the API ranks while someone waits.
AT_ONCE = 100

Row = dict[str, Any]


def rank_file(
    source: Path,
    out: Path,
    *,
    engine: Callable[[], TechnologyEngine],
    as_of: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> RankReport:
    """Rank a table (.xlsx, .csv, .parquet) of proposals and write the answer; see ``rank_rows``.

    ``engine`` opens the corpus, and is asked only once the table is read.

    Raises ``InputError`` for a table without a column of texts, ``TooLargeError`` for one with too many rows.
    """
    require_table_ending(out)
    progress(0, None, text("cli.step_reading", lang))
    table = read_told_table(source, headings=ProposalHeadings())
    given = proposals_of(table.frame, source.name)
    rows = rank_rows(given, engine(), as_of=as_of, lang=lang, progress=progress)
    progress(0, None, text("cli.step_writing", lang))
    write_table(frame_of(rows), out, _labels(lang))
    return RankReport(
        len(rows),
        sum(row["problem"] is not None for row in rows),
        sum(row["duplicate_of"] is not None for row in rows),
        (*without_score([row["problem"] for row in rows], lang), *sentences(table, lang)),
    )


class ProposalHeadings:
    """The headings of a table of proposals (``ktop.kernel.table_layout.Headings``)."""

    def meaning(self, heading: str) -> str | None:
        """Return the part of a proposal that a heading stands for, None where it is unknown."""
        word = _folded(heading)
        return next((field for field, aliases in load("proposals")["columns"].items() if word in aliases), None)

    def is_unit(self, text: str) -> bool:
        """Return False: proposals have no units."""
        return False


def _folded(heading: str) -> str:
    return "".join(half_width(as_seen(heading)).split()).casefold()


def proposals_of(frame: pl.DataFrame, name: str, most: int | None = None) -> list[Row]:
    """Return the proposals of a table: ``id``, ``title``, ``text``, ``before``; a row without an id has its number.

    A row's title counts as part of its text. ``most`` rows are taken, those of the catalogue where not given.

    Raises ``InputError`` for a table without rows or a column of texts, ``TooLargeError`` for one with too many rows.
    """
    known = load("proposals")
    limit = known["most"] if most is None else most
    if frame.height > limit:
        raise TooLargeError("records.too_many_proposals", rows=frame.height, limit=limit)
    written = {_folded(column): column for column in frame.columns}
    column = {
        field: next((written[alias] for alias in aliases if alias in written), None)
        for field, aliases in known["columns"].items()
    }
    if column["text"] is None and column["title"] is None:
        raise InputError("records.no_proposals", path=name, columns=", ".join(known["columns"]["text"]))
    if not frame.height:
        raise InputError("records.proposals_without_rows", path=name)
    rows = []
    for number, cells in enumerate(frame.iter_rows(named=True), start=1):
        values = {field: None if place is None else cells[place] for field, place in column.items()}
        identity = values["id"] if values["id"] not in (None, "") else number
        rows.append(values | {"id": _without_fraction(identity)})
    return rows


def _without_fraction(cell: Any) -> str:
    """Return a cell as text; spreadsheets hold the number 7 as 7.0."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def uploaded_table(source: bytes, name: str) -> tuple[Table, str]:
    """Return an uploaded table of proposals and what errors call it; the ending of ``name`` tells .xlsx from .csv.

    Parquet is left to the terminal: a few bytes of it can stand for gigabytes.
    """
    shown = name.replace("\\", "/").rsplit("/", 1)[-1][-80:]
    ending = Path(shown).suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise InputError("records.unknown_upload", path=shown)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"proposals{ending}"
        path.write_bytes(source)
        return read_told_table(path, shown, ProposalHeadings()), shown


def proposals_in(source: bytes, name: str) -> list[Row]:
    """Return the proposals of an uploaded table, at most ``AT_ONCE``; see ``uploaded_table``."""
    table, shown = uploaded_table(source, name)
    return proposals_of(table.frame, shown, AT_ONCE)


def spreadsheet(rows: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
    """Return ranked rows as the content of an .xlsx file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ranked.xlsx"
        write_table(frame_of(rows), path, _labels(lang))
        return path.read_bytes()


def _labels(lang: Lang) -> dict[str, str]:
    return {name: text(f"originality.rank_{name}", lang) for name in COLUMNS}


def rank_rows(
    given: Sequence[Mapping[str, Any]],
    engine: TechnologyEngine,
    *,
    as_of: date | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> list[Row]:
    """Rate proposals and return a row each, the best first, those that could not be rated last.

    A row holds ``COLUMNS``: equal scores share a rank; ``repeats_patent`` is the patent that a text almost copies,
    ``caution`` why a score is not to be relied on, ``duplicate_of`` the other proposal most like it where they are
    alike enough to be told, ``problem`` why a proposal has no score. One that fails never stops the rest; all stop with
    ``UnavailableError`` where the client that asked has left.
    An id that occurs again is led on by its row: ``A-1#3``.
    """
    given = _told_apart(given)
    label = text("cli.step_rating", lang)
    rows: list[Row] = []
    questions: list[Question | None] = []
    for number, proposal in enumerate(given):
        stop_if_nobody_waits()
        progress(number, len(given), label)
        row, question = _rated(proposal, engine, as_of, lang)
        rows.append(row)
        questions.append(question)
    _mark_duplicates(rows, questions, engine)
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["score"] is None, -(rows[i]["score"] or 0.0), i))
    ranked = [rows[i] for i in order]
    for place, row in enumerate(ranked):
        if row["score"] is not None:
            before = ranked[place - 1] if place else None
            row["rank"] = before["rank"] if before and before["score"] == row["score"] else place + 1
    return ranked


def _told_apart(given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the proposals with ids that occur once: an answer that names another proposal must mean one."""
    own, taken = {proposal["id"] for proposal in given}, set[str]()
    found: list[Mapping[str, Any]] = []
    for number, proposal in enumerate(given, start=1):
        name = proposal["id"]
        while name in taken or (name != proposal["id"] and name in own):
            name = f"{name}#{number}"
        taken.add(name)
        found.append({**proposal, "id": name})
    return found


def _rated(
    proposal: Mapping[str, Any], engine: TechnologyEngine, as_of: date | None, lang: Lang
) -> tuple[Row, Question | None]:
    row: Row = dict.fromkeys(COLUMNS)
    title, body = (str(proposal.get(field) or "").strip() for field in ("title", "text"))
    row |= {"proposal_id": proposal["id"], "title": title or None, "model_version": engine.model.version}
    try:
        for words in (title, body):
            refuse_error(words)
        technology = technology_of(f"{title}\n{body}" if title and body else title or body, _day(proposal, as_of))
        engine.prepare(technology)
        with engine.lock:
            found = neighbourhood_of(
                engine.index, technology, background=False, formulas=engine.model.reference.formulas
            )
            question = question_of(engine.index, technology)
    except KtopError as error:
        return row | {"problem": message(error, lang)}, None
    scored = engine.model.score(found)
    row |= {name: scored.scores[name] for name in ("core", "originality", "value", "spillover", "score")}
    row["grade"] = scored.grade
    if found.size:
        row |= {"nearest_patent": str(found.patent_ids[0]), "nearest_title": str(found.titles[0])}
        row["nearest_similarity"] = float(found.similarity[0])
    if scored.ocean is None:
        return row | {"problem": text("originality.rank_unrelated", lang)}, question
    row |= {"density": scored.density, "ocean": scored.ocean.name}
    if scored.duplicate_of is not None:
        row["repeats_patent"] = str(found.patent_ids[scored.duplicate_of])
    if is_thin_field(found, scored.distribution):
        row["caution"] = text("originality.rank_thin", lang)
    return row, question


def _day(proposal: Mapping[str, Any], as_of: date | None) -> date | None:
    given = proposal.get("before")
    if given in (None, ""):
        return as_of
    if isinstance(given, date):
        return date(given.year, given.month, given.day)
    words = re.sub(r"[./]\s*", "-", _without_fraction(given)[:12]).rstrip("-")
    year_month_day = re.fullmatch(r"(\d{4})-?(\d\d?)-?(\d\d?)", words[:10].strip())
    try:
        if year_month_day is None:
            raise ValueError(given)
        return date(*(int(part) for part in year_month_day.groups()))
    except ValueError:
        raise InputError("records.proposal_before", given=str(given)[:40]) from None


def _mark_duplicates(rows: Sequence[Row], questions: Sequence[Question | None], engine: TechnologyEngine) -> None:
    """Name for each proposal the other one most like it, where they are alike enough."""
    limits = load("proposals")["duplicate"]
    of: dict[str, list[int]] = {"ko": [], "en": []}
    for i, question in enumerate(questions):
        if question is not None:
            of[question.language].append(i)
    best: dict[int, tuple[float, float, int]] = {}  # share of the limit reached, similarity, the other one

    def keep(i: int, j: int, similarity: float, limit: float) -> None:
        if similarity >= limit and similarity / limit > best.get(i, (-math.inf, 0.0, 0))[0]:
            best[i] = (similarity / limit, similarity, j)

    with engine.lock:
        for members in of.values():
            if len(members) > 1:
                alike = word_similarities(engine.index, [q for i in members if (q := questions[i]) is not None])
                for place, i in enumerate(members):
                    nearest = int(np.argmax(alike[place]))
                    keep(i, members[nearest], float(alike[place, nearest]), limits["words"])
        if of["ko"] and of["en"]:
            korean, english = ([q for i in of[lang] if (q := questions[i]) is not None] for lang in ("ko", "en"))
            across = meaning_similarities(korean, english)
            for place, i in enumerate(of["ko"]):
                nearest = int(np.argmax(across[place]))
                keep(i, of["en"][nearest], float(across[place, nearest]), limits["meaning"])
            for place, j in enumerate(of["en"]):
                nearest = int(np.argmax(across[:, place]))
                keep(j, of["ko"][nearest], float(across[nearest, place]), limits["meaning"])
    for i, (_, similarity, j) in best.items():
        rows[i] |= {"duplicate_of": rows[j]["proposal_id"], "duplicate_similarity": round(similarity, 4)}


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return ranked rows as a table with the columns of ``COLUMNS``."""
    kinds = {name: pl.Float64 if name in _NUMBERS else pl.Int64 if name in _COUNTS else pl.String for name in COLUMNS}
    return pl.DataFrame([dict(row) for row in rows], schema=kinds)
