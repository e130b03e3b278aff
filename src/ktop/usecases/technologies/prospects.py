"""Foresees from who files: reads an applicant's history from a corpus and says what it is worth, beside any rating."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, load, text
from ktop.domain.technology.neighbourhood import day_number
from ktop.kernel.arrays import Integers
from ktop.kernel.errors import InputError
from ktop.models.prospects import ApplicantHistory, Prospects, prospects
from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.training.originality_data import applicant_key, later_citations

#: Day of patents that nobody cites: after every day that can be asked for.
_NEVER = np.iinfo(np.int32).max
_LONGEST_NAME = 200
#: Corpora whose histories are kept at hand: 16 bytes a patent.
_KEPT = 2


@dataclass(frozen=True, eq=False)
class ApplicantHistories:
    """Every dated patent of a corpus by its first applicant, n of them, ordered by applicant.

    Parameters
    ----------
    applicant : (n,) digest of the applicant's name without case, punctuation and legal forms; 0 for no name.
    filed, cited : (n,) days since 1970: known from, and first cited by a later patent of another family.
    """

    applicant: np.ndarray[tuple[int], np.dtype[np.uint64]]
    filed: Integers
    cited: Integers

    @classmethod
    def of(cls, corpus: Corpus) -> ApplicantHistories:
        """Read a corpus, which takes about a second for 37,000 patents."""
        with corpus.reading():
            rows = corpus.patents().select("id", "applicants", "known_from").drop_nulls("known_from").collect()
        citing = later_citations(corpus)
        days = rows.select((pl.col("known_from") - pl.date(1970, 1, 1)).dt.total_days()).to_series()
        applicant = np.array([_digest(names or []) for names in rows["applicants"].to_list()], dtype=np.uint64)
        cited = np.array([citing[each][0] if each in citing else _NEVER for each in rows["id"].to_list()])
        order = np.argsort(applicant, kind="stable")
        return cls(applicant[order], days.to_numpy()[order].astype(np.int64), cited[order].astype(np.int64))

    def history(self, applicant: str, as_of: date) -> ApplicantHistory:
        """Return what was known of an applicant, and of all, on a day."""
        day, key = day_number(as_of), np.uint64(_digest([applicant]))
        earlier, known = self.filed < day, self.cited < day
        first = int(np.searchsorted(self.applicant, key, side="left"))
        behind = int(np.searchsorted(self.applicant, key, side="right")) if key else first
        mine = slice(first, behind)
        own = earlier[mine]
        return ApplicantHistory(
            int(np.count_nonzero(own)),
            int(np.count_nonzero(own & known[mine])),
            int(np.count_nonzero(earlier)),
            int(np.count_nonzero(earlier & known)),
        )


def applicant_history(folder: Path, applicant: str, as_of: date) -> ApplicantHistory:
    """Return what a corpus knew of an applicant on a day.

    Names are compared without case, punctuation and legal forms; the first applicant of a patent counts.
    """
    corpus = Corpus.open(folder)
    return _histories(folder, corpus.version).history(applicant, as_of)


def prospects_block(folder: Path, applicant: str, as_of: date) -> dict[str, Any]:
    """Return the forecast for an applicant as JSON types, with what it rests on and what it was worth in validation.

    ``forecast`` is None where the history cannot tell, and ``reason`` says why: ``new_applicant``, ``no_citations``.
    Raises ``InputError("prospects.no_name")`` for a name that names nobody.
    """
    name = " ".join(applicant.split())
    if len(name) > _LONGEST_NAME or applicant_key([name]) is None:
        raise InputError("prospects.no_name")
    history = applicant_history(folder, name, as_of)
    found = prospects(history)
    reason = None if found is not None else "new_applicant" if history.patents < 1 else "no_citations"
    figures = {} if found is None else {key: getattr(found, key) for key in ("share", "low", "high", "usual")}
    shown = {key: 100.0 * value for key, value in figures.items()}
    told = {"applicant": name, "as_of": as_of.isoformat(), **asdict(history), **shown}
    about = load("prospects")
    return {
        "name": about["name"],
        "version": about["version"],
        "applicant": name,
        "as_of": as_of.isoformat(),
        "corpus": Corpus.open(folder).name,
        "forecast": None if found is None else {**figures, "ratio": found.ratio},
        "reason": reason,
        "history": asdict(history),
        "validation": about["validation"],
        "text": {lang: text(f"prospects.{'found' if found else f'none_{reason}'}", lang, **told) for lang in LANGS},
        "note": {lang: text("prospects.note", lang) for lang in LANGS},
    }


def prospects_with(folder: Path, applicant: str, as_of: date) -> Prospects | None:
    """Return the forecast for an applicant as of a day; None where its history cannot tell (``models.prospects``)."""
    return prospects(applicant_history(folder, applicant, as_of))


@functools.lru_cache(maxsize=_KEPT)
def _histories(folder: Path, version: str) -> ApplicantHistories:
    """Return the histories of a corpus, read once for each of its versions."""
    return ApplicantHistories.of(Corpus.open(folder))


def _digest(names: list[str]) -> int:
    """Return 64 bits that stand for the first name that says anything, 0 for none."""
    key = applicant_key(names)
    return 0 if key is None else int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
