"""What a source answered: kept as it came, with source, moment and hash, and what kind of answer it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

#: Five ways an answer may turn out; they stay apart to the last page. ``no_data``: the source knows nothing of it.
Outcome: TypeAlias = Literal["found", "no_data", "not_permitted", "quota", "broken"]
OUTCOMES: tuple[Outcome, ...] = ("found", "no_data", "not_permitted", "quota", "broken")

#: Most characters kept of what a source says itself about an answer.
_LONGEST_DETAIL = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an answer turned out. ``detail`` is the service's own code, never its text, which may repeat a key."""

    outcome: Outcome
    detail: str = ""

    def __post_init__(self) -> None:
        plain = "".join(sign for sign in self.detail if sign.isalnum() or sign in "_-.")[:_LONGEST_DETAIL]
        object.__setattr__(self, "detail", plain)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a source can be asked.

    Parameters
    ----------
    source, name : which source (``catalogue/sources.yaml``), and what is asked of it.
    path : after the source's address; ``{name}`` takes a parameter of that name.
    key : the parameter, or the header (``header:Name``), that carries the key.
    judge : tells what kind of answer the content is; it raises nothing.
    fixed : parameters that are the same in every call.
    method : a POST sends its parameter ``body`` as JSON.
    """

    source: str
    name: str
    path: str
    key: str
    judge: Callable[[bytes], Verdict]
    fixed: Mapping[str, str]
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``asked`` are the parameters without any key, as JSON in one normal form.

    ``retry_at`` says from when asking again makes sense, where that is known; ``content`` is empty where nothing came.
    """

    source: str
    operation: str
    asked: str
    at: datetime
    outcome: Outcome
    detail: str = ""
    content: bytes = b""
    media_type: str = "application/octet-stream"
    retry_at: datetime | None = None

    @property
    def sha256(self) -> str:
        """Hash of the content as it came."""
        return hashlib.sha256(self.content).hexdigest()


def normal_form(parameters: Mapping[str, str]) -> str:
    """Return parameters as they are kept and compared."""
    return json.dumps(parameters, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
