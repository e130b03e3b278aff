"""What all commands share: the language in force, the two consoles, progress and JSON output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import InputError
from ktop.kernel.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from ktop.models.registry import ModelRegistry
    from ktop.store.ratings import RatingRow
    from ktop.store.unit_of_work import Store
    from ktop.usecases.corpora.engine import TechnologyEngine

#: Called by services while they work: (steps done, steps in all or None where nobody knows, what is being done).
ProgressCallback = Callable[[int, int | None, str], None]


def _terminal_lang() -> Lang:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        for lang in LANGS:
            if os.environ.get(name, "").lower().startswith(lang):
                return lang
    return "ko"


class Terminal:
    """The user's side of a command: sentences to stderr, results to stdout."""

    def __init__(self) -> None:
        self.lang: Lang = _terminal_lang()

    def say(self, key: str, **params: Any) -> str:
        """Return the command line's text ``key`` in the language in force."""
        return text(f"cli.{key}", self.lang, **params)

    def console(self, *, stderr: bool = False) -> Console:
        """Return a rich console on stdout or stderr."""
        from rich.console import Console

        return Console(stderr=stderr, highlight=False, soft_wrap=stderr)

    def note(self, sentence: str) -> None:
        """Write one sentence for the person watching; never mixes with results on stdout."""
        print(sentence, file=sys.stderr)  # noqa: T201 - this is the terminal

    def error(self, sentence: str) -> None:
        """Write why the command could not do its work."""
        self.note(sentence)

    def json(self, value: Any) -> None:
        """Write ``value`` as JSON, the only thing on stdout. NaN is refused rather than written."""
        print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2))  # noqa: T201

    def languages(self, option: str | None) -> tuple[Lang, ...]:
        """Parse ``--lang ko,en``; the first language is also the one that errors and tables speak from now on."""
        if option is None:
            return LANGS if self.lang == "ko" else ("en", "ko")
        chosen: list[Lang] = []
        for part in option.split(","):
            for lang in LANGS:
                if part.strip().lower() == lang:
                    chosen.append(lang)
                    break
            else:
                raise InputError("cli.unknown_language", given=part.strip())
        self.lang = chosen[0]
        return tuple(dict.fromkeys(chosen))

    @contextmanager
    def progress(self) -> Iterator[ProgressCallback]:
        """Show a progress bar on stderr while the block runs (nothing where stderr is not a terminal)."""
        if not sys.stderr.isatty():
            yield lambda done, total, what: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self.console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def report(done: int, total: int | None, what: str) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what, total=total)
                bar.update(tasks[what], completed=done, total=total)

            yield report


terminal = Terminal()


@dataclass(frozen=True)
class Session:
    """What a command works on: one installation. Commands reach it as ``ctx.obj``; nothing of it is global."""

    settings: Settings

    @property
    def registry(self) -> ModelRegistry:
        """The models of the installation."""
        from ktop.models.registry import ModelRegistry

        return ModelRegistry(self.settings.models)

    def corpus(self, named: Path | None, progress: ProgressCallback) -> Path:
        """Return the folder of the corpus named, else of the one in force; the demo corpus is built at first use."""
        from ktop.usecases.corpora.engine import corpus_in_force

        return corpus_in_force(self.settings, named, lang=terminal.lang, progress=progress)

    def engine(self, named: Path | None, progress: ProgressCallback) -> TechnologyEngine:
        """Open the corpus named, else the one in force, for rating technologies."""
        from ktop.usecases.corpora.engine import open_corpus

        return open_corpus(self.corpus(named, progress), lang=terminal.lang, progress=progress)

    def ratings(self, most: int) -> list[RatingRow]:
        """Return the newest ratings that the installation has kept."""
        with self._store().unit(LOCAL_OWNER) as unit:
            return unit.ratings.recent(most)

    def rating(self, rating_id: str) -> RatingRow:
        """Return one kept rating; raises ``NotFoundError`` where there is none of that identifier."""
        with self._store().unit(LOCAL_OWNER) as unit:
            return unit.ratings.get(rating_id)

    def _store(self) -> Store:
        from ktop.store.unit_of_work import Store  # loading the database takes longer than most commands

        return Store.open(self.settings.database)
