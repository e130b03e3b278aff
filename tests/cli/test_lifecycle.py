"""The commands of a model's life, from one to the next, in a data folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ktop.models.artefact import Artefact, save
from ktop.models.registry import ModelRegistry

Ktop = Callable[..., Any]
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ratings"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the models of other installations out of the test, and the test's out of theirs."""
    monkeypatch.setenv("KTOP_DATA", str(tmp_path / "data"))


@pytest.fixture
def challenger(tmp_path: Path) -> Path:
    """A folder as ``models train`` writes it: the released Tech-Index, a little bolder."""
    released = ModelRegistry().artefact("tech-index")
    arrays = {**released.arrays, "high_growth/joint": released.arrays["high_growth/joint"] * 1.05}
    save(Artefact(released.meta, arrays), tmp_path / "trained" / "model.npz")
    return tmp_path / "trained"


def test_register_promote_rate_roll_back(ktop: Ktop, challenger: Path) -> None:
    ktop("models", "register", str(challenger), "--version", "2.0.0", "--why", "retrained", "--by", "kim")
    listed = {(c["name"], c["version"]): c for c in json.loads(ktop("models", "list", "--json").out)}
    released = ModelRegistry().champion("tech-index")
    assert listed["tech-index", "2.0.0"]["champion"] is False and listed["tech-index", released]["champion"] is True
    ktop("models", "promote", "tech-index", "2.0.0", "--why", "bolder", "--by", "kim")
    company = "examples/companies/hanbit-motion.yaml"
    rated = json.loads(ktop("rate", "company", company, "--model", "tech-index", "--json").out)
    assert rated[0]["model"]["version"] == "2.0.0"
    ktop("models", "rollback", "tech-index", "--why", "too bold", "--by", "lee")
    rated = json.loads(ktop("rate", "company", company, "--model", "tech-index", "--json").out)
    assert rated[0]["model"]["version"] == released
    events = json.loads(ktop("models", "history", "tech-index", "--json").out)
    assert [(e["action"], e["by"], e["why"]) for e in events] == [
        ("add", "kim", "retrained"),
        ("promote", "kim", "bolder"),
        ("rollback", "lee", "too bold"),
    ]
    card = json.loads(ktop("models", "show", "tech-index", "--version", "2.0.0").out)
    assert card["origin"] == "local" and len(card["history"]) == 3


def test_recompute_says_whether_every_bit_agrees(ktop: Ktop, tmp_path: Path) -> None:
    kept = GOLDEN / "start-up-1.0.0-dasom-sensing.json"
    answer = json.loads(ktop("models", "recompute", str(kept), "--json").out)
    assert [entry["status"] for entry in answer] == ["identical"]
    changed = json.loads(kept.read_text("utf-8"))
    changed["grades"]["business"] = "AAA"
    (tmp_path / "changed.json").write_text(json.dumps(changed), "utf-8")
    failed = ktop("models", "recompute", tmp_path / "changed.json", "--lang", "en")
    assert failed.status == 1 and "grades.business" in failed.out and "differs" in failed.err
    assert ktop("models", "recompute").status == 1
