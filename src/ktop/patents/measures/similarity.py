"""Text similarity to earlier and to later patents, after Kelly, Papanikolaou, Seru and Taddy (2021), in linear time.

Of a pair of patents the texts' term counts are weighted by the backward inverse document frequency of the year y of the
earlier patent, log((1 + N_y) / (1 + n_y(w))), N_y patents being of years before y and n_y(w) of them having the term w;
their similarity is the cosine. A patent's backward similarity is the mean over the patents of the five calendar years
before its own, its forward similarity that over the five (ten) years after, its text importance forward / backward.

As the weights depend on the year of the earlier patent only, v_y(p) is the vector of patent p with the weights of year
y at length 1, and S_y(z) the sum of v_y(p) over the patents p of year z, then for a patent i of year x exactly

    sum of similarities backward = sum over y = x-5 .. x-1 of v_y(i) . S_y(y)
    sum of similarities forward  = v_x(i) . (S_x(x+1) + ... + S_x(x+5))

so no pair is ever compared: the time grows with the number of patents, not with its square.

What differs from the paper. It takes sums; here they are divided by the number of patents compared with, which is the
same for all patents of a year and language, so that ranks within a year are the paper's while years of many and of few
patents can be compared. It sets similarities below 0.05 to 0 for want of memory; here none is. Its frequency is
log(N / (1 + n)), which is negative for a term that all patents have. It reads whole texts; here title and abstract as
they are indexed (single terms, no pairs). And patents are compared within their language only: between languages there
are no common terms.

A patent is compared backward with those years of the window that the corpus has, if there is one for which still
earlier patents are known; forward only where the corpus has texts of its language from the window's last year or later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ktop.patents.measures.definitions import BACKWARD_YEARS, FORWARD_YEARS
from ktop.patents.measures.documents import Documents

#: Terms weighted at a time.
_TERMS_AT_A_TIME = 4_000_000

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class YearTexts:
    """Texts by language and year, in files in ``folder``: first as codes, then as numbers of the shared terms."""

    def __init__(self, folder: Path, years: npt.NDArray[np.int16]) -> None:
        """``years`` are the patents' years by ``n``."""
        self._folder, self._years = folder, years
        self._sizes: dict[tuple[int, int], int] = defaultdict(int)

    def add(self, found: Documents) -> None:
        """Write the single terms of some patents."""
        lengths = np.diff(found.offsets)
        owners = np.repeat(np.arange(len(found.numbers)), lengths)
        single = (found.codes & 1) == 0
        singles = np.bincount(owners[single], minlength=len(found.numbers))
        keys = found.languages.astype(np.int64) << 16 | self._years[found.numbers]
        for key in np.unique(keys):
            mine = keys == key
            if not key >> 16 or not key & 0xFFFF:  # not analysed, or undated
                continue
            language, year = int(key >> 16), int(key & 0xFFFF)
            kept = single & mine[owners]
            self._append(language, year, "numbers", found.numbers[mine].astype(np.int32))
            self._append(language, year, "lengths", singles[mine].astype(np.int32))
            self._append(language, year, "codes", found.codes[kept])
            self._append(language, year, "counts", found.counts[kept])
            self._sizes[language, year] += int(mine.sum())

    def _append(self, language: int, year: int, name: str, values: npt.NDArray[np.generic]) -> None:
        with self._path(language, year, name).open("ab") as handle:
            handle.write(values.tobytes())

    def _path(self, language: int, year: int, name: str) -> Path:
        return self._folder / f"texts-{language}-{year}-{name}.bin"

    @property
    def languages(self) -> list[int]:
        """Languages that have texts."""
        return sorted({language for language, _ in self._sizes})

    def years_of(self, language: int) -> list[int]:
        """Years in which a language has texts, ascending."""
        return sorted(year for found, year in self._sizes if found == language)

    def size(self, language: int, year: int) -> int:
        """Return the number of texts."""
        return self._sizes[language, year]

    def number_terms(self, shared: npt.NDArray[np.uint32]) -> None:
        """Replace codes by their places in ``shared`` (ascending).

        Other terms are of one patent only and make no two alike; of them only the length they add is kept.
        """
        for language, year in self._sizes:
            paths = {name: self._path(language, year, name) for name in ("codes", "counts", "lengths")}
            codes = np.fromfile(paths["codes"], dtype=np.uint32)
            counts = np.fromfile(paths["counts"], dtype=np.uint8)
            lengths = np.fromfile(paths["lengths"], dtype=np.int32)
            places = np.searchsorted(shared, codes)
            known = np.zeros(len(codes), dtype=bool)
            if len(shared):
                places = np.minimum(places, len(shared) - 1)
                known = shared[places] == codes
            owners = np.repeat(np.arange(len(lengths)), lengths)
            alone = np.bincount(
                owners[~known], weights=np.square(counts[~known], dtype=np.float64), minlength=len(lengths)
            )
            kept = np.bincount(owners[known], minlength=len(lengths))
            paths["codes"].unlink()
            paths["lengths"].unlink()
            places[known].astype(np.int32).tofile(self._path(language, year, "terms"))
            counts[known].tofile(paths["counts"])
            alone.tofile(self._path(language, year, "alone"))
            np.concatenate([[0], np.cumsum(kept)]).astype(np.int64).tofile(self._path(language, year, "offsets"))

    def parts(self, language: int, year: int) -> Iterator[Texts]:
        """Yield the texts of a year, so many at a time that they fit into memory."""
        offsets = np.fromfile(self._path(language, year, "offsets"), dtype=np.int64)
        alone = np.fromfile(self._path(language, year, "alone"), dtype=np.float64)
        numbers = np.fromfile(self._path(language, year, "numbers"), dtype=np.int32)
        start = 0
        with (
            self._path(language, year, "terms").open("rb") as terms,
            self._path(language, year, "counts").open("rb") as counts,
        ):
            while start < len(numbers):
                stop = int(np.searchsorted(offsets, offsets[start] + _TERMS_AT_A_TIME, side="right")) - 1
                stop = min(max(stop, start + 1), len(numbers))
                size = int(offsets[stop] - offsets[start])
                yield Texts(
                    numbers[start:stop],
                    offsets[start : stop + 1] - offsets[start],
                    np.fromfile(terms, dtype=np.int32, count=size).astype(np.intp),
                    np.fromfile(counts, dtype=np.uint8, count=size),
                    alone[start:stop],
                )
                start = stop


@dataclass(frozen=True, slots=True)
class Texts:
    """d texts: their patents' ``n``, where their terms start, the terms and their counts, and the squared length of
    what only they have."""

    numbers: npt.NDArray[np.int32]
    offsets: Int64
    terms: npt.NDArray[np.intp]
    counts: npt.NDArray[np.uint8]
    alone: Float64

    def weighted(self, idf: Float64, idf_alone: float) -> tuple[Float64, npt.NDArray[np.bool_]]:
        """Return the weight of every term in texts of length 1, and which texts have a length at all."""
        weights = idf[self.terms] * self.counts
        length = np.sqrt(self.per_text(np.square(weights)) + self.alone * idf_alone**2)
        has_length = length > 0
        scale = np.divide(1.0, length, out=np.zeros_like(length), where=has_length)
        weights *= np.repeat(scale, np.diff(self.offsets))
        return weights, has_length

    def per_text(self, values: Float64) -> Float64:
        """Return the sum of each text's values; 0 for a text without terms."""
        found = np.zeros(len(self.numbers))
        filled = self.offsets[1:] > self.offsets[:-1]
        if filled.any():
            found[filled] = np.add.reduceat(values, self.offsets[:-1][filled])
        return found


class Similarity:
    """Mean similarities by ``n``, NaN where there are none: ``backward`` (patents,), ``forward`` by window."""

    def __init__(self, texts: YearTexts, terms: int, patents: int) -> None:
        self._texts, self._terms = texts, terms
        self.backward = np.full(patents, np.nan)
        self.forward = {years: np.full(patents, np.nan) for years in FORWARD_YEARS}
        self._compared = np.zeros(patents, dtype=np.int32)

    def work(self) -> int:
        """Return the number of texts to weigh in all, repeats included."""
        return sum(
            self._texts.size(language, year)
            for language in self._texts.languages
            for earlier in self._texts.years_of(language)
            for year in self._years_after(language, earlier)
        )

    def compute(self, tell: Callable[[int], None]) -> None:
        """Compute all; ``tell`` is called with the number of texts weighed."""
        done = 0
        for language in self._texts.languages:
            frequency = np.zeros(self._terms, dtype=np.int32)
            before = 0
            for year in self._texts.years_of(language):
                if before:
                    done = self._of_year(language, year, frequency, before, done, tell)
                for texts in self._texts.parts(language, year):
                    np.add.at(frequency, texts.terms, 1)
                before += self._texts.size(language, year)
        has_any = self._compared > 0
        self.backward[has_any] /= self._compared[has_any]

    def _years_after(self, language: int, year: int) -> list[int]:
        """Return the year and those after it whose texts must be weighed as that year's patents saw terms."""
        years = self._texts.years_of(language)
        complete = [window for window in FORWARD_YEARS if year + window <= years[-1]]
        last = year + max([BACKWARD_YEARS, *complete])
        return [found for found in years if year <= found <= last]

    def _of_year(
        self,
        language: int,
        year: int,
        frequency: npt.NDArray[np.int32],
        before: int,
        done: int,
        tell: Callable[[int], None],
    ) -> int:
        """Compare the texts of a year with all later ones, with the weights of that year."""
        idf = np.log((1.0 + before) / (1.0 + frequency))
        idf_alone = float(np.log(1.0 + before))
        texts_of = self._texts.parts
        own = np.zeros(self._terms)
        compared = 0
        for texts in texts_of(language, year):
            weights, has_length = texts.weighted(idf, idf_alone)
            np.add.at(own, texts.terms, weights)
            compared += int(has_length.sum())
        years = self._years_after(language, year)
        last_year = self._texts.years_of(language)[-1]
        windows = [window for window in FORWARD_YEARS if year + window <= last_year]
        ahead = np.zeros(self._terms)
        ahead_compared = 0
        found: dict[int, tuple[Float64, int]] = {}
        for later in years[1:]:
            for window in windows:  # closed before the first year beyond it
                if later > year + window and window not in found:
                    found[window] = (ahead.copy(), ahead_compared)
            for texts in texts_of(language, later):
                weights, has_length = texts.weighted(idf, idf_alone)
                if later <= year + BACKWARD_YEARS and compared:
                    self._add_backward(texts, texts.per_text(weights * own[texts.terms]), has_length, compared)
                if windows:
                    np.add.at(ahead, texts.terms, weights)
                    ahead_compared += int(has_length.sum())
            done += self._texts.size(language, later)
            tell(done)
        for window in windows:
            found.setdefault(window, (ahead, ahead_compared))
        for texts in texts_of(language, year) if found else ():
            weights, has_length = texts.weighted(idf, idf_alone)
            numbers = texts.numbers[has_length]
            for window, (total, count) in found.items():
                if count:
                    self.forward[window][numbers] = texts.per_text(weights * total[texts.terms])[has_length] / count
        done += self._texts.size(language, year)
        tell(done)
        return done

    def _add_backward(self, texts: Texts, sums: Float64, has_length: npt.NDArray[np.bool_], compared: int) -> None:
        numbers = texts.numbers[has_length]
        known = self.backward[numbers]
        self.backward[numbers] = np.where(np.isnan(known), 0.0, known) + sums[has_length]
        self._compared[numbers] += compared
