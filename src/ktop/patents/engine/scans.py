"""Searches for the nearest text vectors: several in one pass, and what was asked lately remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.patents.engine.dense import Beside, DenseReader, Scan
from ktop.patents.engine.patent_search import EVERY, Docs, Filter, Scores

#: Searches whose answers are remembered: those of a rating, and of others at the same time.
SCANS_KEPT = 32
#: As many are looked for at least: a rating asks for a text's field, then for more of the same vector.
LEAST_LOOKED_FOR = 640

Asked = tuple[npt.NDArray[np.float32], int, Filter]
MaskOf = Callable[[Filter], npt.NDArray[np.uint8]]


class Scans:
    """The searches of one index."""

    def __init__(self, dense: DenseReader, languages: frozenset[str]) -> None:
        """``languages`` are those of the index."""
        self._dense, self._languages = dense, languages
        self._known: dict[tuple[bytes, int | None, Filter], tuple[int, Docs, Scores]] = {}
        self._by_language: npt.NDArray[np.uint8] | None = None

    @cached_property
    def apart(self) -> list[Filter]:
        """A filter for each language; one that lets all through where there is but one."""
        several = len(self._languages) > 1
        return [Filter(languages=frozenset([each])) for each in sorted(self._languages)] if several else [EVERY]

    def nearest(
        self, asked: Sequence[Asked], before: int | None, mask_of: MaskOf, beside: Beside
    ) -> list[tuple[Docs, Scores]]:
        """Return the nearest of each vector, limit and filter; several of one filter, or by language.

        ``mask_of`` gives 1 for the documents that a filter lets through; ``beside`` as in ``search_together``.
        """
        keys = [(vector.tobytes(), before, only) for vector, _, only in asked]
        known = self._known
        new = {key: one for key, one in zip(keys, asked, strict=True) if key not in known or known[key][0] < one[1]}
        if new:
            several = len(self.apart) > 1 and all(only in self.apart for *_, only in new.values())
            mask = self._bits_by_language(mask_of) if several else mask_of(next(iter(new.values()))[2])
            scans = [
                Scan(
                    vector,
                    self._dense.lists_near(vector),
                    max(limit, LEAST_LOOKED_FOR) if limit > 0 else 0,
                    1 << self.apart.index(only) if several else 1,
                )
                for vector, limit, only in new.values()
            ]
            found = self._dense.search_together(scans, before, mask, beside)
            scanned = {key: (scan.limit, *one) for key, scan, one in zip(new, scans, found, strict=True)}
            known = {**known, **scanned}
            self._known = dict([*known.items()][-SCANS_KEPT:])  # in one step: several threads ask
        return [(known[key][1][:limit], known[key][2][:limit]) for key, (_, limit, _) in zip(keys, asked, strict=True)]

    def _bits_by_language(self, mask_of: MaskOf) -> npt.NDArray[np.uint8]:
        """Return (documents,) a bit for each filter of ``apart`` that lets a document through."""
        if self._by_language is None:
            found = np.zeros_like(mask_of(self.apart[0]))
            for number, only in enumerate(self.apart):
                found |= mask_of(only) << number
            self._by_language = found
        return self._by_language
