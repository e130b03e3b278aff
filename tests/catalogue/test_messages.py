"""Every user text of every room exists in Korean and English and names the same values in both."""

from __future__ import annotations

import re
import string
from importlib import resources
from pathlib import Path

import pytest
import yaml

from ktop.catalogue import LANGS, messages, particle

PARTICLES = {"은", "이", "을", "과", "으로", "이라"}
FILES = sorted(
    entry.name.removesuffix(".yaml")
    for entry in resources.files("ktop.catalogue").joinpath("messages").iterdir()
    if entry.name.endswith(".yaml")
)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a file that gives one key twice: YAML would silently keep the last."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[object, object]:
    keys = [key.value for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"doubled key near line {node.start_mark.line + 1}"
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True) for key, value in node.value
    }


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def test_there_are_rooms() -> None:
    assert {"company", "facts", "expression", "grades", "guarantee"} <= set(FILES)


@pytest.mark.parametrize("room", FILES)
def test_a_room_is_complete_in_both_languages(room: str) -> None:
    source = resources.files("ktop.catalogue").joinpath("messages", f"{room}.yaml").read_text("utf-8")
    entries = yaml.load(source, Loader=_UniqueKeys) or {}
    for key, words in entries.items():
        assert set(words) == set(LANGS), f"{room}.{key} needs exactly ko and en, has {sorted(map(str, words))}"
        for lang, template in words.items():
            assert isinstance(template, str) and template.strip(), f"{room}.{key} has no text in {lang}"


@pytest.mark.parametrize("room", FILES)
def test_both_languages_name_the_same_values(room: str) -> None:
    for key, words in messages().items():
        if key.startswith(f"{room}."):
            assert fields(words["ko"]) == fields(words["en"]), key


@pytest.mark.parametrize("room", FILES)
def test_particles_are_ones_the_reader_knows(room: str) -> None:
    for key, words in messages().items():
        if key.startswith(f"{room}."):
            for _, _, spec, _ in string.Formatter().parse(words["ko"]):
                if spec and spec.startswith("josa"):
                    assert spec.removeprefix("josa ") in PARTICLES, key


def test_every_error_the_code_raises_has_its_sentence() -> None:
    raised = re.compile(r"""(?:Error|refuse|text)\(\s*"([a-z_]+\.[a-z0-9_]+)\"""")
    source = resources.files("ktop")
    missing = {
        (str(path.relative_to(str(source))), key)
        for path in Path(str(source)).rglob("*.py")
        for key in raised.findall(path.read_text("utf-8"))
        if key not in messages()
    }
    assert not missing


@pytest.mark.parametrize(
    ("word", "kind", "expected"),
    [
        ("ktrs-fm", "을", "을"), ("start-up", "을", "를"), ("model", "으로", "로"), ("column", "으로", "으로"),
        ("cmp.json", "은", "은"), ("data.csv", "은", "는"), ("rating", "이", "이"), ("기술", "으로", "로"),
        ("1.2.0", "은", "은"),
    ],
)  # fmt: skip
def test_particles_follow_the_sound(word: str, kind: str, expected: str) -> None:
    assert particle(word, kind) == expected


#: Texts that often count one: the count stands after what is counted ("Rows not taken in: 1"), never "1 rows".
COUNTING = {
    "patents": ("summary_repeats", "nothing_to_import"),
    "report": ("term_patents",),
    "result": ("peers", "sentences", "sure_corpus"),
    "sheets": ("preview_lead", "taken", "rest_left"),
    "tables": ("two_encodings", "damaged_lines", "stray_quotes"),
    "web": ("questions", "items"),
    "wizard": ("industry_found", "inputs_changed", "questions_open"),
    "company": ("warn_future",),
    "facts": ("amounts_in_words",),
}


@pytest.mark.parametrize("key", [f"{room}.{name}" for room, names in COUNTING.items() for name in names])
def test_a_text_that_counts_one_says_no_plural(key: str) -> None:
    english = messages()[key]["en"]
    shown = english.format(**dict.fromkeys(fields(english), 1))
    assert not re.search(r"\b1 [a-z]+s\b", shown), shown
