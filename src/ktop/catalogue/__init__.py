"""Reads the reviewed data of the house: indicators, ladders, rules and every text a user sees, in Korean and English.

The YAML files beside this module are the catalogue; a domain expert reviews them without reading Python. This module
only reads them, each once, and fills texts in.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal, TypeAlias

import yaml

from ktop.kernel.errors import KtopError

Lang = Literal["ko", "en"]
#: The same words in each language.
LocalText: TypeAlias = Mapping[Lang, str]
LANGS: tuple[Lang, ...] = ("ko", "en")

# Korean particles that depend on the last sound of the word before them: (after a consonant, after a vowel).
_PARTICLES = {
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "과": ("과", "와"),
    "으로": ("으로", "로"),
    "이라": ("이라", "라"),
}
# Final consonant of the spoken Korean name of a digit: 0 영, 1 일, 2 이, 3 삼, 4 사, 5 오, 6 육, 7 칠, 8 팔, 9 구.
_DIGIT_ENDS_IN_CONSONANT = {"0": True, "1": True, "3": True, "6": True, "7": True, "8": True}
_RIEUL_DIGITS = {"1", "7", "8"}
_WITH_PARTICLE = re.compile(r"\{(\w+):josa ")
_RIEUL = 8  # index of the final consonant ㄹ within a Hangul syllable block


def particle(word: str, kind: str) -> str:
    """Return the Korean particle (조사) that follows ``word``, e.g. ``particle("기술", "은") == "은"``.

    ``kind`` is the form after a consonant, one of 은 이 을 과 으로 이라. Brackets and quotes after the word are passed
    over. A word in Latin letters ends in a consonant after l, m, n and ng (모델, 엠, 제이슨, 레이팅), else in
    a vowel.
    """
    with_consonant, with_vowel = _PARTICLES[kind]
    tail = word.rstrip(")]}\"'”’」』】·. ")
    if not tail:
        return with_vowel
    last = tail[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        if kind == "으로" and final == _RIEUL:
            return with_vowel
        return with_consonant if final else with_vowel
    if last == "%":  # read 퍼센트
        return with_vowel
    if last in _DIGIT_ENDS_IN_CONSONANT:
        return with_vowel if kind == "으로" and last in _RIEUL_DIGITS else with_consonant
    latin = tail.lower()
    if latin.endswith(("l", "m", "n", "ng")):
        return with_vowel if kind == "으로" and latin.endswith("l") else with_consonant
    return with_vowel


class _Word(str):
    """A value in a template that may take a Korean particle: ``{name:josa 은}`` writes it and the one that fits it."""

    __slots__ = ()

    def __format__(self, format_spec: str) -> str:
        return self + particle(self, format_spec.removeprefix("josa "))


@functools.cache
def _with_particles(template: str) -> tuple[str, frozenset[str]]:
    """Return a template whose fields with a particle have names of their own, and the names of these values."""
    names = frozenset(_WITH_PARTICLE.findall(template))
    return _WITH_PARTICLE.sub(lambda field: f"{{josa_{field[1]}:josa ", template), names


@functools.cache
def load(name: str) -> Any:
    """Return the content of ``catalogue/{name}.yaml``; read once. Callers must not change what they get.

    Raises ``FileNotFoundError`` for a name the catalogue does not have.
    """
    source = resources.files(__name__).joinpath(f"{name}.yaml").read_bytes()
    return yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


@functools.cache
def messages() -> dict[str, dict[Lang, str]]:
    """Return every user text, key → language → template, gathered from ``catalogue/messages/*.yaml``.

    A file ``messages/patents.yaml`` with the entry ``too_short`` gives the key ``patents.too_short``.
    """
    texts: dict[str, dict[Lang, str]] = {}
    for entry in resources.files(__name__).joinpath("messages").iterdir():
        if entry.name.endswith(".yaml"):
            room = entry.name.removesuffix(".yaml")
            for key, languages in (load(f"messages/{room}") or {}).items():
                texts[f"{room}.{key}"] = languages
    return texts


def text(key: str, lang: Lang, **params: Any) -> str:
    """Return the catalogue text ``key`` in ``lang`` with its parameters filled in.

    Templates use ``str.format`` fields, plus ``{name:josa 은}`` for the Korean particle that fits the value. A
    parameter whose value is a mapping with the keys ``ko`` and ``en`` (a catalogue label) is shown in ``lang``. Raises
    ``KeyError`` for an unknown key or a missing parameter: both are programming errors that tests find.
    """
    template = messages()[key][lang]
    if "{" not in template and "}" not in template:
        return template
    for name, value in params.items():
        if isinstance(value, dict) and lang in value:
            params[name] = value[lang]
    if ":josa " not in template:
        return template.format(**params)
    template, names = _with_particles(template)
    return template.format(**params, **{f"josa_{name}": _Word(params[name]) for name in names})


def message(error: KtopError, lang: Lang) -> str:
    """Return the one sentence a user reads for ``error``.

    What the user gave may hold halves of a character (lone surrogates), which no answer can: they become ``?``.
    """
    return text(error.key, lang, **error.params).encode("utf-8", "replace").decode("utf-8")
