"""How the log looks: one line an event on standard error, for people or as JSON for a collector."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(form: Literal["plain", "json"], *, requests: bool = False) -> None:
    """Let all loggers of this process write in a form; ``requests`` also logs every request that was answered.

    What libraries write passes the same way, at the level of a warning and above.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor
    if form == "json":
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ktop").setLevel(logging.INFO)
    logging.getLogger("ktop.web.requests").setLevel(logging.INFO if requests else logging.WARNING)
