"""The page of twelve firms is what the command gives, and says the same in both languages."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from ktop.models.registry import ModelRegistry

ROOT = Path(__file__).parents[1]
PAGES = {"en": ROOT / "docs" / "archetypes.md", "ko": ROOT / "docs" / "archetypes.ko.md"}


@pytest.fixture(scope="module")
def archetypes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("archetypes", ROOT / "benchmarks" / "archetypes.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(lang: str) -> list[list[str]]:
    """Return the cells of the overview, without the firm's name and the decision, which are words."""
    lines = [line for line in PAGES[lang].read_text("utf-8").splitlines() if line.startswith("| [")]
    return [[cell.strip() for cell in line.strip("|").split("|")][1:-1] for line in lines]


def test_twelve_firms_have_the_same_figures_in_both_languages() -> None:
    assert len(rows("en")) == 12 and rows("en") == rows("ko")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_is_what_the_command_gives(archetypes: ModuleType, lang: str) -> None:
    """A page made by a former release of the models waits for the command to be run again; it names its versions."""
    kept = PAGES[lang].read_text("utf-8")
    named = dict(re.findall(r"(tech-index|ktrs-fm) (\d+\.\d+\.\d+)", kept))
    registry = ModelRegistry()
    released = {(entry.name, entry.version) for entry in registry.entries()}
    assert set(named.items()) <= released and named.keys() == {"tech-index", "ktrs-fm"}
    if all(registry.model(name).version == version for name, version in named.items()):
        assert archetypes.page(lang) == kept


def test_every_firm_says_what_an_analyst_expects(archetypes: ModuleType) -> None:
    _, firms = archetypes.firms()
    assert len({firm["id"] for firm in firms}) == 12
    for firm in firms:
        assert all(firm[words][lang] for words in ("name", "about", "view") for lang in ("ko", "en"))
        assert len(firm["answers"]) == 25
