"""What is wrong with the rows of a batch, gathered column by column and told row by row in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.catalogue import Lang, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.rating.rating import Warning
from ktop.domain.values.kind import RefusedValueError, Where

#: Reasons told for one row; further ones are only counted, so that a broken file of many columns stays readable.
MAX_REASONS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row was refused: a catalogue key, its values, and the fact it concerns (None: the whole row)."""

    key: str
    fact: str | None
    params: Mapping[str, Any]

    def text(self, lang: Lang) -> str:
        """Return the sentence for the user: what is wrong and what to do."""
        words = {name: value[lang] if isinstance(value, dict) else value for name, value in self.params.items()}
        return text(self.key, lang, **words)


@dataclass(slots=True)
class RowProblems:
    """The refused rows of a batch and the warnings about the whole of it.

    Parameters
    ----------
    ok : shape ``(n,)``, False where the row was refused.
    found : row position (from 0) → its first reasons.
    counts : shape ``(n,)``, all reasons of each row, also those not kept in ``found``.
    warnings : what concerns the file, not one row (unknown columns, doubled ids ...).
    notes : row position → what was done to a row that is rated (a short period brought to a year).
    worded : fact → how many of its cells name their unit (3억원), and one of them with the won it was read as.
    """

    ok: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.int64]
    found: dict[int, list[Problem]] = field(default_factory=dict)
    warnings: list[Warning] = field(default_factory=list)
    notes: dict[int, list[Warning]] = field(default_factory=dict)
    worded: dict[str, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def none_yet(cls, n: int) -> RowProblems:
        """Return the empty gathering for ``n`` rows."""
        return cls(ok=np.ones(n, dtype=bool), counts=np.zeros(n, dtype=np.int64))

    @property
    def refused(self) -> int:
        """Number of refused rows."""
        return int((~self.ok).sum())

    def add(
        self, rows: npt.NDArray[np.bool_], key: str, fact: str | None, params_of: Callable[[int], Mapping[str, Any]]
    ) -> None:
        """Refuse the rows of a mask for one reason; ``params_of(row)`` gives the values its sentence names."""
        hit = np.flatnonzero(rows)
        if not len(hit):
            return
        self.counts[hit] += 1
        self.ok[hit] = False
        about: dict[str, Any] = {} if fact is None else {"name": fact, "label": dict(FACTS[fact].label)}
        for row in hit[self.counts[hit] <= MAX_REASONS].tolist():
            problem = Problem(key=f"facts.{key}", fact=fact, params={**about, **params_of(row)})
            self.found.setdefault(row, []).append(problem)

    def refuse_row(self, row: int, key: str, params: Mapping[str, Any]) -> None:
        """Refuse a whole row for one reason, named by its key in the catalogue."""
        self.counts[row] += 1
        self.ok[row] = False
        self.found.setdefault(row, []).append(Problem(key=key, fact=None, params=params))

    def add_refusal(self, row: int, fact: str, refusal: RefusedValueError) -> None:
        """Refuse one row because the value of a fact cannot be read."""
        self.refuse_at(row, FACTS[fact].label_with_name, refusal, fact)

    def refuse_at(self, row: int, where: Where, refusal: RefusedValueError, fact: str | None = None) -> None:
        """Refuse one row because the value of a column cannot be read; ``where`` names the column."""
        self.counts[row] += 1
        self.ok[row] = False
        if self.counts[row] <= MAX_REASONS:
            told = refusal.at(where)
            self.found.setdefault(row, []).append(Problem(key=told.key, fact=fact, params=told.params))

    def reasons(self, row: int, lang: Lang) -> list[str]:
        """Return the sentences for one row, empty for a row that can be rated."""
        sentences = [problem.text(lang) for problem in self.found.get(row, ())]
        further = int(self.counts[row]) - len(sentences)
        if further > 0:
            sentences.append(text("facts.further_problems", lang, count=further))
        return sentences

    def reason_column(self, lang: Lang) -> list[str | None]:
        """Return one text a row for an output file, None where the row is fine."""
        return [None if fine else " ".join(self.reasons(row, lang)) for row, fine in enumerate(self.ok.tolist())]

    def warn(self, code: str, words: Mapping[Lang, str]) -> None:
        """Add a warning about the whole batch."""
        self.warnings.append(Warning(code=code, text=words))
