"""What all commands share: the language in force, the two consoles, progress and JSON output."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import InputError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.settings import Settings
from ktop.usecases.platform import Platform


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
    def progress(self) -> Iterator[Progress]:
        """Show a progress bar on stderr while the block runs (nothing where stderr is not a terminal)."""
        if not sys.stderr.isatty():
            yield silent
            return
        from rich import progress as rich  # only where somebody looks

        columns = (rich.SpinnerColumn(), rich.TextColumn("{task.description}"), rich.BarColumn())
        shown = (*columns, rich.MofNCompleteColumn(), rich.TimeElapsedColumn())
        with rich.Progress(*shown, console=self.console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def report(done: int, total: int | None, what: str) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what, total=total)
                bar.update(tasks[what], completed=done, total=total)

            yield report


terminal = Terminal()


class Session:
    """What a command works on: one installation, on behalf of its owner. Commands reach it by ``session(ctx)``."""

    def __init__(self, settings: Settings, open_platform: Callable[[Settings], Platform]) -> None:
        self.settings, self._open, self.actor = settings, open_platform, LOCAL_OWNER

    @cached_property
    def platform(self) -> Platform:
        """The platform of the installation."""
        return self._open(self.settings)

    def given(self, **settings: Any) -> Session:
        """Return the session under settings that were given with the command; None leaves one as it is."""
        changed = {name: value for name, value in settings.items() if value is not None}
        return Session(self.settings.model_copy(update=changed), self._open) if changed else self

    def at(self, data: Path | None) -> Session:
        """Return the session of the installation in another data folder, this one where none is named."""
        return self.given(data=data)

    def on(self, cluster: str | None) -> Session:
        """Return the session that asks the patents a cluster holds, this one where none is named."""
        return self.given(cluster=None if cluster is None else host_and_port(cluster))


def host_and_port(given: str) -> str:
    """Return an address as it was given; raises ``InputError`` where it is not a host and a port."""
    if not re.fullmatch(r"[^\s/:]+:\d{1,5}", given):
        raise InputError("cluster.host_and_port", given=given[:60])
    return given


def session(ctx: typer.Context) -> Session:
    """Return the session that a command was called in."""
    found: Session = ctx.obj
    return found
