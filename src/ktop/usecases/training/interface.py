"""What can be done to make and judge models: train, predict, validate, compare, retrain, measure drift, release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.kernel.progress import Progress, silent

#: Told of a warning about data: its code, and its sentence by language.
Warn = Callable[[Mapping[str, str]], None]
#: Patents drawn from a corpus to learn weights from, or to judge them.
ORIGINALITY_PATENTS = 5_000
#: Minutes that a scheme without tracks is tuned and trained in.
TUNING_MINUTES = 10.0


def unheard(warning: Mapping[str, str]) -> None:
    """Tell nobody."""


class Training(Protocol):
    """Models made from panels (tables of firms by year) and from patent corpora. Calls block.

    ``model`` is a folder that training wrote, ``NAME`` (the version in force) or ``NAME@VERSION``. Raises
    ``InputError`` for a scheme, table or option that is wrong, ``NotFoundError`` for a model there is none of, and
    ``UnavailableError`` where the parts that only training needs are not installed.
    """

    def train_panel(
        self,
        actor: Actor,
        scheme: Path,
        data: Path,
        out: Path,
        *,
        until: int | None = None,
        minutes: float = TUNING_MINUTES,
        lang: Lang = "ko",
        progress: Progress = silent,
        warn: Warn = unheard,
    ) -> Mapping[str, Any]:
        """Train by a scheme file on a panel file and write the model to ``out``.

        A scheme that names no tracks is tuned first within about ``minutes`` (0: not at all), its report in ``lang``.
        Return the number of ``rows`` used and what the tuning found in sentences (``tuned``, none without one).
        """
        ...

    def predict_panel(
        self,
        actor: Actor,
        model: str,
        data: Path,
        out: Path,
        *,
        rates: Mapping[str, float] | None = None,
        warn: Warn = unheard,
    ) -> int:
        """Predict every row of a panel file and write a table; return the number of rows.

        ``rates`` (target → share between 0 and 1) moves the level of a target's probabilities to a rate that is known.
        """
        ...

    def validate_panel(
        self,
        actor: Actor,
        model: str,
        data: Path,
        out: Path,
        *,
        since: int | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> None:
        """Write ``report.html`` and ``metrics.json`` for a model on a panel with outcomes."""
        ...

    def compare_versions(
        self,
        actor: Actor,
        champion: str,
        challenger: str,
        data: Path,
        *,
        only_held_out: bool = False,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        """Compare two models on the same rows; see ``ktop.usecases.training.compare.compare``."""
        ...

    def retrain(
        self,
        actor: Actor,
        name: str,
        data: Path,
        *,
        version: str,
        trained_on: str,
        why: str,
        by: str | None = None,
        progress: Progress = silent,
        warn: Warn = unheard,
    ) -> Mapping[str, Any]:
        """Train a company model on own appraisals and enter it as a version; return its card."""
        ...

    def collect_appraisals(self, actor: Actor, out: Path) -> Mapping[str, int]:
        """Write one's organisation's ratings, with what became of the firms, as the table that ``retrain`` takes.

        Firms stand under a pseudonym that stays the same from one table to the next; no name or number is written. Told
        to the audit trail. Returns ``rows``, ``firms`` and, for each outcome, in how many rows it is known.
        """
        ...

    def measure_drift(
        self, actor: Actor, model: str | None = None, data: Path | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Measure drift over a table, else over the ratings of all organisations, of a model, else of all in force.

        Reports are kept; they tell shares and counts, never a company.
        """
        ...

    def release_models(
        self,
        actor: Actor,
        out: Path | None,
        *,
        names: list[str] | None = None,
        firms: int | None = None,
        seed: int | None = None,
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        """Rebuild the released models from the synthetic population; return their ``path`` and size in ``bytes``."""
        ...

    def count_growth_paths(
        self, actor: Actor, out: Path | None, *, names: list[str] | None = None, progress: Progress = silent
    ) -> Sequence[Mapping[str, Any]]:
        """Count the growth paths of the released models in force (``out``: another folder of them) and keep them there.

        Returns ``name``, ``version``, ``cells`` and ``firms`` of each. Raises ``NotFoundError`` for a model without
        both grades.
        """
        ...

    def build_reference_population(
        self, actor: Actor, *, firms: int, seed: int, out: Path, progress: Progress = silent
    ) -> Mapping[str, Any]:
        """Write the synthetic reference population to a folder; return ``firms`` and ``path``."""
        ...

    def train_originality(
        self,
        actor: Actor,
        corpus: Path,
        out: Path,
        *,
        patents: int = ORIGINALITY_PATENTS,
        until: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        """Learn the originality model's weights from a corpus; return ``patents``, ``cited`` and ``kept``."""
        ...

    def validate_originality(
        self,
        actor: Actor,
        corpus: Path,
        out: Path,
        *,
        patents: int = ORIGINALITY_PATENTS,
        pairs: Path | None = None,
        extra: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> str:
        """Judge the originality model on a corpus, write its report, and return the finding in one sentence."""
        ...
