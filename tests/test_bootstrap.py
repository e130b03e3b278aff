"""Settings are read in one place and passed on: two platforms in one process never see each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from ktop.bootstrap import House, read_settings
from ktop.domain.party.actor import LOCAL_OWNER as OWNER
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.settings import Settings
from ktop.models.artefact import Artefact
from ktop.models.registry import ModelRegistry
from ktop.usecases.rate.interface import StoredRating

SOURCE = Path(__file__).parents[1] / "src" / "ktop"
DAY = date(2026, 6, 30)


def test_settings_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KTOP_DATA", str(tmp_path))
    monkeypatch.setenv("KTOP_PORT", "8123")
    monkeypatch.setenv("KTOP_LANG", "en")
    found = read_settings()
    assert (found.data, found.port, found.lang) == (tmp_path, 8123, "en")
    assert found.corpus_in_force == tmp_path / "demo-corpus"
    assert Settings().port == 8000, "the settings themselves read nothing"


def test_only_the_bootstrap_reads_settings() -> None:
    readers = []
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        if "pydantic_settings" in named or "KTOP_" in {
            node.value[:5] for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }:
            readers.append(path.relative_to(SOURCE).as_posix())
    assert readers == ["bootstrap.py"]


def rated(house: House) -> StoredRating:
    return house.ratings.rate_company(OWNER, house.companies.example_record(OWNER, "hanbit-motion"), DAY)


def test_two_platforms_in_one_process_do_not_see_each_other(tmp_path: Path) -> None:
    mine, other = (Settings(data=tmp_path / name) for name in ("mine", "other"))
    released = ModelRegistry(None).artefact("tech-index")
    registry = ModelRegistry(mine.models)
    registry.add(Artefact({**released.meta, "version": "9.0.0"}, released.arrays), {}, None, by="kim", why="own")
    registry.promote("tech-index", "9.0.0", by="kim", why="own")
    here, there = House(mine), House(other)
    kept = rated(here)
    assert kept.ratings[0]["model"]["version"] == "9.0.0"
    with pytest.raises(NotFoundError):
        there.ratings.rating(OWNER, kept.id)
    assert rated(there).ratings[0]["model"]["version"] != "9.0.0"
    assert there.models.model_history(OWNER) == [] and len(here.models.model_history(OWNER)) == 2


def test_each_platform_opens_its_own_corpus(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        house = House(Settings(data=tmp_path, corpus=tmp_path / name))
        assert not house.corpora.is_prepared(OWNER)
        with pytest.raises((NotFoundError, UnavailableError)) as caught:
            house.ratings.rate_technology(
                OWNER, "수분을 감지하는 발광 나노입자 필름과 그 제조 방법에 관한 기술이다. " * 3, DAY
            )
        assert str(tmp_path / name) in str(caught.value.params)


def test_threads_that_ask_at_the_same_time_get_one_use_case(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: house.corpora, range(32)))
    assert all(one is found[0] for one in found)


def test_a_command_that_needs_no_database_loads_none() -> None:
    """Help and usage come in a moment: the database alone takes .4 s to load."""
    heavy = "sqlalchemy", "polars", "fastapi", "pyhanko", "numba"
    program = f"import sys; import ktop.cli.app; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
