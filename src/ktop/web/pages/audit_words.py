"""What the audit trail says, in words: kinds of events, what was done, and the details beside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ktop.catalogue import Lang, load, messages, text
from ktop.domain.finance.process import process
from ktop.domain.party.permission import permissions, role_names
from ktop.report import labels, numbers
from ktop.web.pages.collect_rows import label_of
from ktop.web.pages.watch import sign_words

#: So many letters are shown of an identifier.
_SHOWN = 8
_IDENTIFIER, _DAY, _MOMENT = (
    re.compile(r"[0-9a-f]{13,}"),
    re.compile(r"\d{4}-\d\d-\d\d"),
    re.compile(r"\d{4}-\d\d-\d\dT\d.*"),
)
#: Numbers that name something, which are not counted and so not grouped.
_NAMING = frozenset({"year", "version", "number", "step", "round"})
#: Details whose values have texts of these beginnings in the messages.
_BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "decisions": ("programmes.decision",),
    "grade": ("report.grade",),
    "guarantee": ("finance.guarantee",),
    "kind": ("institutions.kind",),
    "loan": ("finance.loan",),
    "outcome": ("collect.outcome",),
    "purpose": ("members.purpose",),
    "state": ("programmes_season.state", "institutions.state"),
    "to": ("discovery.to",),
}


def action_words(action: str, lang: Lang) -> str:
    """Return what was done in words; an action that this release does not know keeps its name."""
    kind, _, verb = action.partition(".")
    steps = process().actions
    if kind == "finance" and verb in steps:
        return steps[verb].label[lang]
    known = load("actions")
    return str(known[action][lang]) if action in known else action


def kind_words(kind: str, lang: Lang) -> str:
    """Return a kind of events in words."""
    key = f"audit.kind_{kind}"
    return text(key, lang) if key in messages() else kind


def detail_words(action: str, details: Mapping[str, Any], lang: Lang, names: Mapping[str, str] | None = None) -> str:
    """Return what is told beside an action in words; an identifier is shown by its name or its beginning."""
    kind, known = action.partition(".")[0], names or {}
    said = {name: known.get(str(one)) or _said(name, one, lang) for name, one in details.items()}
    return "; ".join(f"{detail_label(kind, name, lang)}: {words}" for name, words in said.items())


def detail_label(kind: str, name: str, lang: Lang) -> str:
    """Return what a detail of a kind of events is called; one that this release does not know keeps its name."""
    known = load("action_details")["labels"]
    label = known.get(f"{kind}_{name}", known.get(name))
    return str(label[lang]) if label else name


def begun(identifier: str) -> str:
    """Return an identifier, or the beginning of one that nobody reads to its end; files hold the whole."""
    return _IDENTIFIER.sub(lambda found: f"{found[0][:_SHOWN]}…", identifier)


def _said(name: str, value: Any, lang: Lang) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return text("audit.yes" if value else "audit.no", lang)
    if isinstance(value, int | float):
        return str(value) if name in _NAMING else f"{value:,}"
    if isinstance(value, Mapping):
        if {"name", "version"} <= set(value):  # a model
            return f"{_word(name, str(value['name']), lang)} {value['version']}"
        return ", ".join(f"{_word(name, one, lang)} {_said('', part, lang)}" for one, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_said(name, part, lang) for part in value)
    return _word(name, str(value), lang)


def _word(name: str, value: str, lang: Lang) -> str:
    """Return a value in words, where it names something that has them."""
    if value in (known := _words(name)):
        return str(known[value][lang])
    for beginning in _BEGINNINGS.get(name, ()):
        if f"{beginning}_{value}" in messages() and "{" not in messages()[f"{beginning}_{value}"][lang]:
            return text(f"{beginning}_{value}", lang)
    match name:
        case "model" | "models":
            return labels.word("model", value, lang)
        case "path" | "paths":
            return label_of(value, lang)
        case "signs" if value in load("watch")["signs"]:
            return sign_words(value, lang)
        case "reason" if value in messages() and "{" not in messages()[value][lang]:
            return text(value, lang)
        case "topics" if "." in value:
            return action_words(value, lang)
    if name == "results" and value.startswith("rating:"):
        return f"{load('consent')['one_result'][lang]} {begun(value.removeprefix('rating:'))}"
    if _IDENTIFIER.fullmatch(value):
        return begun(value)
    if _DAY.fullmatch(value):
        return numbers.day(value, lang)
    return numbers.moment(datetime.fromisoformat(value), lang) if _MOMENT.fullmatch(value) else value


@functools.cache
def _words(name: str) -> Mapping[str, Mapping[Lang, str]]:
    """Return the catalogue's words for values of a detail."""
    finance, consent = load("finance"), load("consent")
    states = {state: words["label"] for state, words in finance["states"].items()}
    known: Mapping[str, Mapping[str, Any]] = {
        "from": {**role_names(), **states},
        "kind": {kind: one["name"] for kind, one in load("jobs").items()} | finance["documents"],
        "inputs": consent["inputs"],
        "purpose": {purpose: one["label"] for purpose, one in consent["purposes"].items()},
        "results": consent["results"],
        "role": role_names(),
        "scopes": permissions(),
        "side": finance["sides"],
        "state": states,
        "to": {**role_names(), **states},
        "topics": load("webhook_topics"),
    }
    return {**known.get(name, {}), **load("action_details")["words"].get(name, {})}
