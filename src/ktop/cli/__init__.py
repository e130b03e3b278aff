"""The command line: ``ktop …`` (docs/cli.md). Every command is a thin shell around one service."""

from __future__ import annotations

import sys

from ktop.cli.app import app
from ktop.cli.state import terminal


def main() -> None:
    """Run the command line; a user's error becomes one sentence on stderr and exit status 1."""
    from ktop.catalogue import message
    from ktop.errors import KtopError

    # A pipe may be in an encoding that cannot carry Korean; UTF-8 always can.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app(prog_name="ktop")
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
    except SystemExit as end:  # typer makes this of an interrupt, without a word
        if end.code == 130:
            terminal.error(terminal.say("interrupted"))
        raise
