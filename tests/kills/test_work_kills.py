"""Long work killed at random moments: what it was to write is there as a whole, or as it was before."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import killed_work
import numpy as np
import polars as pl
import pytest
from killing import KILLS, killed, seconds_of

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.models.artefact import load
from ktop.models.registry import ModelRegistry
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.training.demo_corpus.__init__ import shipped_lines
from ktop.training.reference import build_reference
from ktop.usecases.companies.examples import example_records
from ktop.usecases.companies.service import CompanyService


def lines(path: Path, chosen: list[str]) -> Path:
    path.write_text("\n".join(chosen) + "\n", "utf-8")
    return path


def read_whole(corpus: Path) -> tuple[str, int]:
    """Return the version of a corpus and how many patents can be read from it."""
    opened = Corpus.open(corpus)
    return opened.version, opened.patents().collect().height


def test_an_import_leaves_the_corpus_before_or_after_it(tmp_path: Path) -> None:
    chance = random.Random(31)
    known = shipped_lines()
    source = lines(tmp_path / "more.jsonl", known[200:1700])
    whole = tmp_path / "whole"
    import_paths(whole, [lines(tmp_path / "some.jsonl", known[:200])])
    before = read_whole(whole)
    seconds = seconds_of(killed_work.importing, whole, source)
    after = read_whole(whole)
    assert after[1] == before[1] + 1500
    in_time = 0
    for number in range(KILLS):
        corpus = tmp_path / f"corpus-{number}"
        import_paths(corpus, [tmp_path / "some.jsonl"])
        in_time += killed(seconds, chance, killed_work.importing, corpus, source)
        assert read_whole(corpus) in (before, after)
        import_paths(corpus, [source])
        assert read_whole(corpus) == after
        assert not [path for path in corpus.rglob("*") if "staging" in path.name or ".part" in path.name]
    assert in_time >= 1, "no kill came in time"


def test_measures_are_those_before_or_the_whole_new_ones(tmp_path: Path) -> None:
    chance = random.Random(32)
    corpus = tmp_path / "corpus"
    import_paths(corpus, [lines(tmp_path / "some.jsonl", shipped_lines()[::30])])
    seconds = seconds_of(killed_work.measuring, corpus)
    table = corpus / "measures" / "patents.parquet"
    whole = table.read_bytes()
    in_time = 0
    for number in range(KILLS):
        if number % 2 == 0:
            table.unlink(missing_ok=True)
        in_time += killed(seconds, chance, killed_work.measuring, corpus)
        assert not table.exists() or table.read_bytes() == whole
    killed_work.measuring(corpus)
    assert table.read_bytes() == whole
    assert sorted(path.name for path in table.parent.iterdir()) == ["patents.json", "patents.parquet"]
    assert in_time >= 1, "no kill came in time"


def test_a_rated_table_is_whole_or_not_there(tmp_path: Path) -> None:
    chance = random.Random(33)
    source, out = tmp_path / "companies.parquet", tmp_path / "rated.parquet"
    companies = build_reference(3000, 5)
    companies.write_parquet(source)
    seconds = seconds_of(killed_work.rating_a_table, source, out)
    whole = pl.read_parquet(out)
    assert whole.height == companies.height
    in_time = 0
    for _ in range(KILLS):
        out.unlink(missing_ok=True)
        in_time += killed(seconds, chance, killed_work.rating_a_table, source, out)
        assert not out.exists() or pl.read_parquet(out).equals(whole)
    assert in_time >= 1, "no kill came in time"


def test_a_trained_model_is_whole_or_not_there(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    chance = random.Random(34)
    scheme: dict[str, Any] = {
        "name": "toy",
        "id": "firm",
        "groups": {"money": {}},
        "features": {"margin": {"group": "money", "monotone": {"gone": -1}}, "debt": {"group": "money"}},
        "targets": {"gone": {"outcome": "column", "column": "gone", "years": 0}},
        "tracks": {"statistics": {"method": "scorecard"}},
        "ladders": {},
        "members": 2,
    }
    draw = np.random.default_rng(6)
    margin, debt = draw.normal(size=(2, 1500))
    gone = draw.random(1500) < 1 / (1 + np.exp(2.0 + margin - debt))
    panel, out = tmp_path / "panel.parquet", tmp_path / "model.npz"
    pl.DataFrame({"firm": np.arange(1500).astype(str), "margin": margin, "debt": debt, "gone": gone}).write_parquet(
        panel
    )
    seconds = seconds_of(killed_work.training, scheme, panel, out)
    whole = out.read_bytes()
    in_time = 0
    for _ in range(KILLS):
        out.unlink(missing_ok=True)
        in_time += killed(seconds, chance, killed_work.training, scheme, panel, out)
        assert not out.exists() or out.read_bytes() == whole
    assert load(_or_trained(out, scheme, panel)).meta["name"] == "toy"
    assert in_time >= 1, "no kill came in time"


def _or_trained(out: Path, scheme: dict[str, Any], panel: Path) -> Path:
    if not out.exists():
        killed_work.training(scheme, panel, out)
    return out


def test_a_promotion_is_made_or_not_made(tmp_path: Path) -> None:
    chance = random.Random(35)
    folder = tmp_path / "models"
    seconds = seconds_of(killed_work.promoting, folder, "2.0.0")
    in_force = "2.0.0"
    in_time = 0
    for number in range(1, KILLS + 1):
        version = f"2.0.{number}"
        in_time += killed(seconds, chance, killed_work.promoting, folder, version)
        registry = ModelRegistry(folder)
        assert registry.champion("tech-index") in (in_force, version)
        in_force = registry.champion("tech-index")
        for entry in registry.entries():
            assert registry.artefact(entry.name, entry.version).meta["version"] == entry.version
        (record,) = list(example_records().values())[:1]
        rating = CompanyService(registry).rate_record(LOCAL_OWNER, record, models=["tech-index"])[0]
        assert rating.model.version == in_force
    killed_work.promoting(folder, "3.0.0")
    assert ModelRegistry(folder).champion("tech-index") == "3.0.0"
    assert in_time >= 1, "no kill came in time"
