"""Options that several commands share, with their help in the terminal's language."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ktop.catalogue import text
from ktop.cli.state import terminal
from ktop.kernel.errors import InputError


def help_of(key: str) -> str:
    """Return the help text ``key`` of the catalogue in the terminal's language."""
    return text(f"cli.help_{key}", terminal.lang)


def parse_date(given: str | None, option: str) -> date | None:
    """Return an ISO 8601 date given as text, None for none; raises ``InputError`` for anything else."""
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise InputError("cli.not_a_date", option=option, given=given) from None


AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help=help_of("as_of"))]
Lang = Annotated[str | None, typer.Option("--lang", metavar="ko,en", help=help_of("lang"))]
Json = Annotated[bool, typer.Option("--json", help=help_of("json"))]
Report = Annotated[Path | None, typer.Option("--report", metavar="OUT.pdf", help=help_of("report"))]
Corpus = Annotated[Path | None, typer.Option("--corpus", metavar="DIR", help=help_of("corpus"))]
RequiredCorpus = Annotated[Path, typer.Option("--corpus", metavar="DIR", help=help_of("corpus_required"))]
