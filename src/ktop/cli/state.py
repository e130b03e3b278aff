"""What all commands share: the language in force, the two consoles, progress and JSON output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ktop.catalogue import LANGS, Lang, text
from ktop.kernel.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

#: Called by services while they work: (steps done, steps in all or None where nobody knows, what is being done).
ProgressCallback = Callable[[int, int | None, str], None]


def _terminal_lang() -> Lang:
    for name in ("KTOP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
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
