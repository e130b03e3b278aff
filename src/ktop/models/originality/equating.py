"""Puts measures of a technology told in the other language on the scale of the corpus's own language.

Words of two languages meet only through translation, so a Korean summary among English patents shows other similarities
and older terms than the same summary in English. Technologies told in both languages are rated against the corpus once.
For each measure the one of three ways is taken that foretells the value in the corpus's language best, for technologies
left out one by one: the value as it is; mean equating; or linear equating of a single group (Kolen and Brennan 2014,
chapters 2 and 4), which gives it the mean and the spread that it has in the corpus's language. A measure that does not
agree between the languages at all cannot be compared, and linear equating gives it the middle of the pairs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.models.artefact import FORMAT, Artefact, load, save

#: Fewest pairs with a measure for it to be equated; with fewer it stays as it is.
FEWEST_PAIRS = 10
#: Least correlation between the languages; below it a measure says nothing across them.
LEAST_CORRELATION = 0.2
#: What the squared error of a way is multiplied by before they are compared: a figure more must be worth it.
_PRICES = {"same": 1.0, "mean": 1.05, "linear": 1.1}
_KIND = "originality-equating"


@dataclass(frozen=True, eq=False)
class Equating:
    """A line for each measure (m of them) from the other language to the corpus's own.

    Parameters
    ----------
    language : the corpus's own language; technologies in it are left as they are.
    names : (m,) names of the measures.
    slope, intercept : (m,) equated value = intercept + slope x value.
    lowest, highest : (m,) what the pairs had in the corpus's language; equated values stay between.
    style : (m,) added to what is in the corpus's own language or has been led to it: what abstracts, of which the
        reference is made, have more of than summaries as users write them; zeros where only languages are equated.
    corpus : digest of the index that the pairs were rated against (``PatentIndex.key``).
    reference : version of the reference that they belong to.
    """

    language: str
    names: tuple[str, ...]
    slope: Floats
    intercept: Floats
    lowest: Floats
    highest: Floats
    corpus: str
    reference: str
    style: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(
        cls,
        language: str,
        own: Sequence[Mapping[str, float]],
        other: Sequence[Mapping[str, float]],
        corpus: str,
        reference: str,
        technologies: Sequence[int] | None = None,
    ) -> Equating:
        """Fit the lines to the measures of the same technologies in the corpus's language and in the other.

        ``technologies`` says which pairs tell the same one and are left out together; by default each its own.
        """
        names = tuple(own[0])
        mine, theirs = (
            np.array([[row[name] for name in names] for row in rows], dtype=np.float64) for rows in (own, other)
        )
        owner = np.arange(len(mine)) if technologies is None else np.asarray(technologies)
        lines = np.array([_line(theirs[:, j], mine[:, j], owner) for j in range(len(names))], dtype=np.float64)
        slope, intercept, lowest, highest = lines.T
        return cls(language, names, slope, intercept, lowest, highest, corpus, reference)

    def styled(self, usual: Mapping[str, float], told: Sequence[Mapping[str, float]]) -> Equating:
        """Return the same with the style of summaries equated, too (mean equating; Kolen and Brennan 2014, chapter 2).

        Parameters
        ----------
        usual : measure → its median among the reference; measures that are not named stay as they are.
        told : measures of summaries as users write them, in the corpus's own language.
        """
        style = np.zeros(len(self.names))
        for j, name in enumerate(self.names):
            known = [row[name] for row in told if not math.isnan(row[name])]
            if len(known) >= FEWEST_PAIRS and not math.isnan(usual.get(name, math.nan)):
                style[j] = usual[name] - float(np.median(known))
        return replace(self, style=style)

    def apply(self, values: Mapping[str, float], language: str) -> dict[str, float]:
        """Return the measures of a technology told in ``language``, on the scale of the reference."""
        equated = dict(values) if language == self.language else self._led(values)
        if self.style.any():
            for name, shift in zip(self.names, self.style.tolist(), strict=True):
                if not math.isnan(equated.get(name, math.nan)):
                    equated[name] += shift
        return equated

    def _led(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return measures of the other language on the scale of the corpus's language."""
        equated = dict(values)
        for name, slope, intercept, lowest, highest in zip(
            self.names, self.slope, self.intercept, self.lowest, self.highest, strict=True
        ):
            value = equated.get(name, math.nan)
            if not math.isnan(value):
                equated[name] = float(min(max(intercept + slope * value, lowest), highest))
        return equated

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that name exactly these lines."""
        content = hashlib.sha256(f"{self.language} {' '.join(self.names)}".encode())
        for part in (self.slope, self.intercept, self.lowest, self.highest):
            content.update(np.ascontiguousarray(part).tobytes())
        if self.style.any():
            content.update(np.ascontiguousarray(self.style).tobytes())
        return content.hexdigest()[:8]

    def save(self, path: Path) -> None:
        """Write the lines to a file."""
        meta = {
            "format": FORMAT,
            "kind": _KIND,
            "language": self.language,
            "names": list(self.names),
            "corpus": self.corpus,
            "reference": self.reference,
        }
        arrays = {name: getattr(self, name) for name in ("slope", "intercept", "lowest", "highest", "style")}
        save(Artefact(meta, arrays), path)

    @classmethod
    def load(cls, path: Path) -> Equating:
        """Read the lines from a file. Raises ``KtopError`` or ``KeyError`` for a file that holds something else."""
        artefact = load(path)
        meta = artefact.meta
        arrays = {
            name: artefact.arrays[name].astype(np.float64) for name in ("slope", "intercept", "lowest", "highest")
        }
        arrays["style"] = artefact.arrays.get("style", np.zeros(0)).astype(np.float64)  # files of version 3 have none
        return cls(meta["language"], tuple(meta["names"]), **arrays, corpus=meta["corpus"], reference=meta["reference"])


def _line(other: Floats, own: Floats, owner: Integers) -> tuple[float, float, float, float]:
    """Return slope, intercept, lowest and highest of one measure; the identity where too few pairs have it."""
    known = ~np.isnan(other) & ~np.isnan(own)
    if np.count_nonzero(known) < FEWEST_PAIRS:
        return 1.0, 0.0, -math.inf, math.inf
    x, y, owner = other[known], own[known], owner[known]
    errors = dict.fromkeys(_PRICES, 0.0)
    for one in np.unique(owner):
        out = owner == one
        for way in errors:
            slope, intercept = _fitted(way, x[~out], y[~out])
            errors[way] += _PRICES[way] * float(np.square(intercept + slope * x[out] - y[out]).sum())
    way = min(errors, key=lambda name: (errors[name], list(_PRICES).index(name)))
    slope, intercept = _fitted(way, x, y)
    if way == "same":
        return slope, intercept, -math.inf, math.inf
    return slope, intercept, float(y.min()), float(y.max())


def _fitted(way: str, x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and intercept of one way of equating."""
    slope = 1.0
    if way == "same" or not len(x):
        return slope, 0.0
    if way == "linear":
        agree = x.std() > 0.0 and y.std() > 0.0 and float(np.corrcoef(x, y)[0, 1]) >= LEAST_CORRELATION
        slope = float(y.std() / x.std()) if agree else 0.0
    return slope, float(y.mean() - slope * x.mean())
