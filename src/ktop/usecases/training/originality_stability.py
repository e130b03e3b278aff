"""Whether a technology keeps its grade when it is reworded, padded or translated, and when the corpus grows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import Lang, load, text
from ktop.domain.rating.grades import ladder
from ktop.domain.technology.summary import Technology
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, KtopError
from ktop.kernel.parquet import read_parquet_frame
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import damage_told_as
from ktop.patents.analysis.glossary import synonyms
from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.corpora.neighbourhood import patent_technology

#: Technologies that are reworded, share of words that are left out, and the seed of the draws.
TECHNOLOGIES = 60
DROPPED = 0.1
SEED = 7
#: Shorter texts have too little to leave out.
LEAST_CHARS = 300
YEAR = timedelta(days=365)

#: Two wordings of one technology, the day that they are rated as of, and patents left out.
Pair = tuple[str, str, date, tuple[str, ...]]


def read_pairs(path: Path) -> list[Pair]:
    """Return a table's pairs of wordings (``a``, ``b``), each with its day (today without ``as_of``) and exclusions.

    Raises ``InputError`` for a file that is no such table.
    """
    with damage_told_as(InputError("originality.pairs_broken", path=path.name)):
        given = read_parquet_frame(path) if path.suffix == ".parquet" else pl.read_csv(path, glob=False)
        rows = list(given.select(pl.col("a", "b").cast(pl.String)).drop_nulls().iter_rows())
        whole = given.drop_nulls(["a", "b"])
        days = whole["as_of"].cast(pl.String).to_list() if "as_of" in given.columns else [None] * len(rows)
        excluded = whole["exclude"].cast(pl.String).to_list() if "exclude" in given.columns else [None] * len(rows)
        return [
            (a, b, date.fromisoformat(day[:10]) if day else today(), (out,) if out else ())
            for (a, b), day, out in zip(rows, days, excluded, strict=True)
        ]


def stability_of(
    engine: TechnologyEngine,
    corpus: Path,
    table: pl.DataFrame,
    pairs: Sequence[Pair] | None = None,
    *,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Return for each change how far scores and grades move: a row per change, JSON types.

    ``same`` and ``within_one`` are shares of technologies whose grade stays or moves by one notch at most, ``mean`` and
    ``high`` the mean and the 95th percentile of the points that the score moves by, ``raised`` the mean with its sign.
    """
    chosen = table.filter(pl.col("drawn") & (pl.col("chars") >= LEAST_CHARS)).sort("day")
    chosen = chosen[len(chosen) // 3 :]  # the first years have few reference patents
    if not chosen.height:
        return {"rows": []}
    places = np.linspace(0, chosen.height - 1, min(TECHNOLOGIES, chosen.height)).astype(int)
    ids = chosen["id"].gather(places.tolist()).to_list()
    records = Corpus.open(corpus).get(ids)
    moves: dict[str, list[tuple[float, int]]] = {name: [] for name in (*CHANGES, "year_later")}
    label = text("cli.step_rewording", lang)
    for number, patent_id in enumerate(ids):
        progress(number, len(ids), label)
        technology = patent_technology(records[patent_id])
        assert technology is not None, "only dated patents are drawn"
        before = _rated(engine, technology, (patent_id,))
        if before is None:
            continue
        for name, change in CHANGES.items():
            draw = random.Random(SEED)  # noqa: S311 - no secret, only the same words each time
            changed = replace(technology, text=change(technology.text, technology.language, draw))
            _note(moves[name], before, _rated(engine, changed, (patent_id,)))
        later = replace(technology, as_of=technology.as_of + YEAR)
        _note(moves["year_later"], before, _rated(engine, later, (patent_id,)))
    rows = [_row(name, found) for name, found in moves.items() if found]
    if pairs is not None:
        rows.append(_row("pairs", _pair_moves(engine, pairs)))
    return {"rows": rows}


def _rated(engine: TechnologyEngine, technology: Technology, exclude: tuple[str, ...]) -> tuple[float, int] | None:
    """Return score and place of the grade; None where it cannot be rated."""
    found = engine.model.score(engine.neighbourhood(technology, exclude))
    score = found.scores["score"]
    if score is None or found.grade is None:
        return None
    return score, ladder("originality").symbols.index(found.grade)


def _note(moves: list[tuple[float, int]], before: tuple[float, int], after: tuple[float, int] | None) -> None:
    if after is not None:
        moves.append((after[0] - before[0], after[1] - before[1]))


def _row(name: str, moves: list[tuple[float, int]]) -> dict[str, Any]:
    if not moves:
        return {"change": name, "n": 0, "same": None, "within_one": None, "mean": None, "high": None, "raised": None}
    points, notches = np.array([move for move, _ in moves]), np.array([notch for _, notch in moves])
    return {
        "change": name,
        "n": len(moves),
        "same": float((notches == 0).mean()),
        "within_one": float((np.abs(notches) <= 1).mean()),
        "mean": float(np.abs(points).mean()),
        "high": float(np.quantile(np.abs(points), 0.95)),
        "raised": float(points.mean()),
    }


def _pair_moves(engine: TechnologyEngine, pairs: Sequence[Pair]) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for a, b, as_of, out in pairs:
        try:
            one, other = (_rated(engine, Technology.from_text(words, as_of), out) for words in (a, b))
        except KtopError:
            continue
        if one is not None:
            _note(found, one, other)
    return found


# --- changes that leave the technology what it is -------------------------------------------------------------------


def without_some_words(words: str, language: str, draw: random.Random) -> str:
    """Leave out one word in ten."""
    return " ".join(word for word in words.split() if draw.random() >= DROPPED)


def sentences_reversed(words: str, language: str, draw: random.Random) -> str:
    """Put the last sentence first."""
    return " ".join(part.strip().rstrip(".") + "." for part in reversed(words.split(". ")) if part.strip())


def words_shuffled_within_sentences(words: str, language: str, draw: random.Random) -> str:
    """Turn the halves of every sentence round."""
    turned = []
    for sentence in words.split(". "):
        parts = sentence.rstrip(".").split()
        half = len(parts) // 2
        turned.append(" ".join(parts[half:] + parts[:half]) + ".")
    return " ".join(turned)


def other_words(words: str, language: str, draw: random.Random) -> str:
    """Put the glossary's synonym for every third word that has one."""
    changed, met = [], 0
    for word in words.split():
        bare = word.strip(".,;:()")
        found = synonyms(bare, "ko" if language == "ko" else "en")
        met += bool(found)
        changed.append(word.replace(bare, found[0]) if found and met % 3 == 0 else word)
    return " ".join(changed)


def padded(words: str, language: str, draw: random.Random) -> str:
    """Add boiler-plate that says nothing of the technology."""
    lines = load("originality_padding")["ko" if language == "ko" else "en"]
    return f"{words} {' '.join(lines)}"


CHANGES: dict[str, Callable[[str, str, random.Random], str]] = {
    "words_left_out": without_some_words,
    "sentences_reversed": sentences_reversed,
    "halves_turned": words_shuffled_within_sentences,
    "synonyms": other_words,
    "padded": padded,
}
