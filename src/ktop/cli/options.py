"""Options that several commands share, with their help in the terminal's language."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ktop.catalogue import text
from ktop.cli.state import terminal
from ktop.domain.values.day import DAY
from ktop.domain.values.kind import RefusedValueError


def help_of(key: str) -> str:
    """Return the help text ``key`` of the catalogue in the terminal's language."""
    return text(f"cli.help_{key}", terminal.lang)


def parse_date(given: str | None, option: str) -> date | None:
    """Return a day given as text, None for none; raises ``InputError`` for what is no day or an empty text."""
    if given is None:
        return None
    try:
        day = DAY.parse(given)
        if day is None:  # an option that is there but says nothing
            raise RefusedValueError("not_a_date", given)
    except RefusedValueError as refusal:
        raise refusal.at(f"--{option}") from None
    return day


AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help=help_of("as_of"))]
Lang = Annotated[str | None, typer.Option("--lang", metavar="ko,en", help=help_of("lang"))]
Json = Annotated[bool, typer.Option("--json", help=help_of("json"))]
Report = Annotated[Path | None, typer.Option("--report", metavar="OUT.pdf", help=help_of("report"))]
Corpus = Annotated[Path | None, typer.Option("--corpus", metavar="DIR", help=help_of("corpus"))]
OnCluster = Annotated[
    str | None, typer.Option("--cluster", metavar="ADDRESS:PORT", help=text("cluster.help_cluster", terminal.lang))
]
RequiredCorpus = Annotated[Path, typer.Option("--corpus", metavar="DIR", help=help_of("corpus_required"))]
