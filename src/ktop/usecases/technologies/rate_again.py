"""Rates the technology of a stored rating again, where the corpus still is what it was rated against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ktop.domain.technology.summary import Technology
from ktop.kernel.errors import InputError, NotFoundError, UnavailableError
from ktop.models.originality.definitions import installed_versions
from ktop.usecases.corpora.engine import TechnologyEngine
from ktop.usecases.technologies.interface import Gone, RatedAgain
from ktop.usecases.technologies.rating import rate

#: formulas + digest of the reference table . of the weights [. of the lines between languages]
_VERSION = re.compile(r"(?P<formulas>[^+]+)\+[0-9a-f]{8}\.[0-9a-f]{8}(\.[0-9a-f]{8})?")


def rate_again(stored: Mapping[str, Any], engine: Callable[[str], TechnologyEngine]) -> RatedAgain:
    """Return a stored rating made again, or why it cannot be; ``engine`` opens the corpus by a version of the formulas.

    Raises ``InputError("models.not_recomputable")`` for something that is no rating of a technology.
    """
    try:
        subject, version = stored["subject"], str(stored["model"]["version"])
        technology = Technology(
            str(subject["text"]), subject["language"], date.fromisoformat(stored["as_of"]), title=subject["title"]
        )
        corpus = next(entry["value"] for entry in stored["inputs"] if entry["name"] == "corpus")
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise InputError("models.not_recomputable") from error
    named = _VERSION.fullmatch(version)
    if named is None or named["formulas"] not in installed_versions():
        return RatedAgain(None, "no_version")
    try:
        opened = engine(named["formulas"])
    except (NotFoundError, UnavailableError):
        return RatedAgain(None, "no_corpus")
    reason = _gone(opened, version, str(corpus))
    if reason is not None:
        return RatedAgain(None, reason)
    return RatedAgain(rate(opened, technology))


def _gone(engine: TechnologyEngine, version: str, corpus: str) -> Gone | None:
    """Return which part that the version names is no longer there; None where all are."""
    if engine.model.version == version:
        return None
    if str(engine.model.reference.corpus.get("name", "")) != corpus:
        return "other_corpus"
    (_, stored), (_, present) = (each.split("+") for each in (version, engine.model.version))
    was, now = stored.split("."), present.split(".")
    if was[0] != now[0]:
        return "corpus_changed"
    return "weights_changed" if was[1] != now[1] else "equating_changed"
