"""A command that is not typed as it should be is told so in the user's language, with the way to its help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

CASES = [
    (["nix"], ["nix", "ktop --help"]),
    (["rate", "technologyx"], ["technologyx", "technology", "ktop rate --help"]),
    (["rate", "technology", "--fil", "x"], ["--fil", "--file", "ktop rate technology --help"]),
    (["rate", "technology", "--file"], ["--file"]),
    (["rate", "technology", "--json=3"], ["--json"]),
    (["rate", "technology", "a", "b c"], ["b c", "ktop rate technology --help"]),
    (["reference", "build"], ["--out", "ktop reference build --help"]),
    (["rate", "company"], ["FILE", "ktop rate company --help"]),
    (["serve", "--port", "abc"], ["--port", "ktop serve --help"]),
    (["serve", "--port", "99999999"], ["--port", "65535"]),
    (["serve", "--port", "0"], ["--port", "1"]),
]


@pytest.mark.parametrize(("typed", "named"), CASES, ids=[" ".join(typed) for typed, _ in CASES])
def test_both_languages(ktop: Callable[..., Any], typed: list[str], named: list[str]) -> None:
    korean, english = ktop(*typed, lang="ko"), ktop(*typed, lang="en")
    for outcome in (korean, english):
        assert outcome.status == 2
        assert outcome.out == ""
        for part in named:
            assert part in outcome.err
        assert "Traceback" not in outcome.err and "╭" not in outcome.err
    assert re.search("[가-힣]", korean.err)
    assert not re.search("[가-힣]", english.err)
    assert not re.search("Missing|No such|Invalid|Usage", korean.err + english.err)


def test_a_group_alone_shows_its_help(ktop: Callable[..., Any]) -> None:
    outcome = ktop("rate")
    assert outcome.status == 2
    assert "technology" in outcome.out + outcome.err


def test_version_and_help_end_well(ktop: Callable[..., Any]) -> None:
    assert ktop("--version").out.startswith("ktop ")
    assert ktop("--version").status == ktop("rate", "technology", "--help").status == 0
