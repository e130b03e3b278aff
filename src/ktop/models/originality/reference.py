"""Reference patents, each rated the same way as of its own filing day: what a technology is held against.

No look-ahead anywhere: a reference patent's measures use only what was filed before it, and a technology is held only
against reference patents that were filed before its as-of day.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import InputError
from ktop.models.artefact import Artefact, load, save
from ktop.models.originality.definitions import (
    installed_versions,
    measures,
    neighbours_wanted,
    reads_whole_text,
    settings,
    version,
)
from ktop.models.originality.measures import DAYS_PER_YEAR, descending_focus, measure_values
from ktop.models.originality.reference_distribution import ReferenceDistribution
from ktop.models.originality.weights import Weights, released

MODEL = "originality"
FILE_NAME = "originality_reference.npz"
#: A reference patent needs this many earlier patents: the first ones of a corpus look new whatever they are.
FEWEST_EARLIER = 300
#: Trends are followed no further than this beyond the last reference patent.
LONGEST_FORWARD_DAYS = 365
#: Distinct windows kept ready; a batch asks for one per filing day at most.
_WINDOWS_KEPT = 256


@dataclass(frozen=True, eq=False)
class OriginalityReference:
    """The table of reference patents, in the order of their filing days (r of them, m measures, n neighbours).

    Parameters
    ----------
    patent_ids : (r,) strings.
    filing_day : (r,) days since 1970; each was rated as of this day.
    names : (m,) names of the measures.
    values : (r, m) raw measures, NaN where missing.
    similarity : (r, n) similarities to its neighbours on words of the field, descending, NaN where there are fewer.
    nearest : (r,) plain similarity to its nearest neighbour, 0 where it has none.
    corpus : name and version of the corpus, as its neighbourhoods say.
    seed : seed of the sample.
    weights : how much each measure counts; not part of the stored table.
    key : digest of all that the neighbourhoods followed from; a table of another key is made anew.
    formulas : version of the formulas that the measures were taken by.
    """

    patent_ids: tuple[str, ...]
    filing_day: Integers
    names: tuple[str, ...]
    values: Floats
    similarity: Floats
    nearest: Floats
    corpus: Mapping[str, Any]
    seed: int
    weights: Weights = field(default_factory=released)
    key: str = ""
    formulas: str = field(default_factory=version)

    @property
    def size(self) -> int:
        """Number of reference patents."""
        return len(self.patent_ids)

    @functools.cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits that name exactly this table."""
        content = hashlib.sha256()
        for part in (self.filing_day, self.values, self.similarity, self.nearest):
            content.update(np.ascontiguousarray(part).tobytes())
        content.update("\n".join((*self.patent_ids, *self.names)).encode())
        return content.hexdigest()[:8]

    @property
    def version(self) -> str:
        """Version of a rating given with this table: the formulas' version, the table's and the weights' digests."""
        return f"{self.formulas}+{self.digest}.{self.weights.digest}"

    def weighted(self, weights: Weights) -> OriginalityReference:
        """Return the same table with other weights."""
        return replace(self, weights=weights)

    def distribution(self, as_of_day: int) -> ReferenceDistribution:
        """Return what technologies as of ``as_of_day`` are held against: the last reference patents filed before it.

        Where fewer than the smallest window were, the earliest ones of the table are used and ``later`` is True.
        """
        end = int(np.searchsorted(self.filing_day, as_of_day, side="left"))
        smallest = min(int(settings()["smallest_window"]), self.size)
        later = end < smallest
        end = max(end, smallest)
        start = max(0, end - int(settings()["window"]))
        day = min(as_of_day, int(self.filing_day[end - 1]) + LONGEST_FORWARD_DAYS)
        return self._distribution(start, end, day, later)

    @functools.lru_cache(maxsize=_WINDOWS_KEPT)  # noqa: B019 - a reference lives as long as its model
    def _distribution(self, start: int, end: int, as_of_day: int, later: bool) -> ReferenceDistribution:
        rows = slice(start, end)
        return ReferenceDistribution.of(
            self.names,
            self.values[rows],
            self.similarity[rows],
            self.nearest[rows],
            (as_of_day - self.filing_day[rows]) / DAYS_PER_YEAR,
            later,
            self.weights,
        )

    def save(self, path: Path) -> None:
        """Write the table to ``path`` (a folder gets ``originality_reference.npz``), whole or not at all."""
        meta = {
            "format": 1,
            "model": MODEL,
            "version": self.formulas,
            "names": list(self.names),
            "patent_ids": list(self.patent_ids),
            "corpus": dict(self.corpus),
            "seed": self.seed,
            "key": self.key,
        }
        arrays = {
            "filing_day": self.filing_day,
            "values": self.values,
            "similarity": self.similarity,
            "nearest": self.nearest,
        }
        save(Artefact(meta, arrays), path / FILE_NAME if path.is_dir() else path)

    @classmethod
    def load(cls, path: Path) -> OriginalityReference:
        """Read a table; raises ``InputError("originality.other_version")`` for one of other formulas."""
        artefact = load(path / FILE_NAME if path.is_dir() else path)
        if artefact.meta.get("model") != MODEL or artefact.meta.get("version") not in installed_versions():
            raise InputError(
                "originality.other_version", found=str(artefact.meta.get("version", "?")), wanted=version()
            )
        return cls(
            patent_ids=tuple(artefact.meta["patent_ids"]),
            filing_day=artefact.arrays["filing_day"].astype(np.int64),
            names=tuple(artefact.meta["names"]),
            values=artefact.arrays["values"].astype(np.float64),
            similarity=artefact.arrays["similarity"].astype(np.float64),
            nearest=artefact.arrays["nearest"].astype(np.float64),
            corpus=artefact.meta["corpus"],
            seed=int(artefact.meta["seed"]),
            key=str(artefact.meta.get("key", "")),
            formulas=str(artefact.meta["version"]),
            weights=released(str(artefact.meta["version"])),
        )


def choose_sample(filing_days: npt.NDArray[np.integer], size: int, seed: int) -> Integers:
    """Return the positions of ``size`` reference patents, spread evenly over the corpus in the order of filing.

    Systematic sampling with a random start: every stretch of time is represented in proportion to its filings. The
    first ``FEWEST_EARLIER`` patents of the corpus are passed over.

    Parameters
    ----------
    filing_days : (N,) filing day of every patent that may be chosen; one without a day must be left out before.
    size : patents wanted; fewer are returned where the corpus is smaller.
    seed : draws the start within the first step and the place of each patent within its step.
    """
    order = np.argsort(filing_days, kind="stable")[FEWEST_EARLIER:]
    if len(order) <= size:
        return np.sort(order).astype(np.int64)
    edges = np.linspace(0, len(order), size + 1)
    place = np.random.Generator(np.random.PCG64(seed)).random(size)
    return order[(edges[:-1] + place * np.diff(edges)).astype(np.int64)].astype(np.int64)


def build_reference(
    neighbourhoods: Callable[[str], Neighbourhood],
    patent_ids: Sequence[str],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    formulas: str | None = None,
) -> OriginalityReference:
    """Rate reference patents as of their own filing days and return the table.

    Parameters
    ----------
    neighbourhoods : gives the neighbourhood of one patent's own title and abstract as of its filing day, itself and its
        family left out, with ``neighbours_wanted()`` neighbours.
    patent_ids : the sample, from ``choose_sample``.
    seed : the sample's seed, kept in the table.
    progress : called with patents done and patents in all.
    formulas : version of the formulas, of which the neighbourhoods must be; the one in force where None.

    Raises ``InputError("originality.no_reference")`` for an empty sample.
    """
    if not patent_ids:
        raise InputError("originality.no_reference", fewest=FEWEST_EARLIER)
    formulas = formulas or version()
    names = measured_by(formulas)
    n = neighbours_wanted()
    values = np.full((len(patent_ids), len(names)), np.nan)
    similarity = np.full((len(patent_ids), n), np.nan)
    nearest = np.zeros(len(patent_ids))
    days = np.zeros(len(patent_ids), dtype=np.int64)
    corpus: Mapping[str, Any] = {}
    for row, patent_id in enumerate(patent_ids):
        neighbourhood = neighbourhoods(patent_id)
        focused = descending_focus(neighbourhood)
        taken = measure_values(neighbourhood, focused)
        values[row] = [taken[name] for name in names]
        similarity[row, : min(n, neighbourhood.size)] = focused[:n]
        nearest[row] = neighbourhood.similarity[0] if neighbourhood.size else 0.0
        days[row] = neighbourhood.as_of.toordinal() - _EPOCH_ORDINAL
        corpus = neighbourhood.corpus
        if progress is not None:
            progress(row + 1, len(patent_ids))
    order = np.argsort(days, kind="stable")
    return OriginalityReference(
        patent_ids=tuple(patent_ids[i] for i in order),
        filing_day=days[order],
        names=names,
        values=values[order],
        similarity=similarity[order],
        nearest=nearest[order],
        corpus=corpus,
        seed=seed,
        formulas=formulas,
        weights=released(formulas),
    )


def measured_by(formulas: str) -> tuple[str, ...]:
    """Return the measures of a version's table: all that are known today, or those that a former version weighed."""
    names = (measure.name for measure in measures())
    if not reads_whole_text(formulas):
        return tuple(names)
    weighed = released(formulas).shares
    return tuple(name for name in names if weighed[name] > 0.0)


_EPOCH_ORDINAL = 719_163  # date(1970, 1, 1).toordinal()
