"""The command line: ``ktop …`` (docs/cli.md). Every command is a thin shell around one service."""

from __future__ import annotations

import sys
from collections.abc import Callable

from typer.exceptions import TyperException

from ktop.catalogue import message
from ktop.cli.state import Session, terminal
from ktop.cli.usage import usage_sentences
from ktop.kernel.errors import KtopError
from ktop.kernel.settings import Settings
from ktop.usecases.platform import Platform


def main(settings: Settings, open_platform: Callable[[Settings], Platform]) -> None:
    """Run the command line on an installation; a user's error becomes one sentence on stderr and exit status 1."""
    if settings.lang is not None:
        terminal.lang = settings.lang
    from ktop.cli.app import app  # only now: help texts are in the language in force when a command is declared

    # A pipe may be in an encoding that cannot carry Korean; UTF-8 always can.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        status = app(prog_name="ktop", standalone_mode=False, obj=Session(settings, open_platform))
    except TyperException as error:  # the command was not typed as it should be
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]
        else:
            terminal.error(usage_sentences(error, terminal))
        sys.exit(2)
    except KtopError as error:
        terminal.error(message(error, terminal.lang))
        sys.exit(error.exit_status)
    except BrokenPipeError:  # the reader of our output (head, less) went away: nothing is wrong
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None:
            raise
        terminal.error(terminal.say("file_trouble", path=str(error.filename), reason=error.strerror or "-"))
        sys.exit(1)
    except KeyboardInterrupt:
        terminal.error(terminal.say("interrupted"))
        sys.exit(130)
    else:
        if status == 130:  # typer makes this of an interrupt, without a word
            terminal.error(terminal.say("interrupted"))
        if isinstance(status, int) and status:
            sys.exit(status)
