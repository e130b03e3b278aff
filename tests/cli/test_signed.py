"""A rating signed on the command line verifies there, offline and elsewhere, as JSON and as PDF."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ktop = Callable[..., Any]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "companies" / "hanbit-motion.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one installation's data, ``data``, with a signed result and its keys beside it."""
    return tmp_path_factory.mktemp("signed")


@pytest.fixture
def files(made: Path, ktop: Ktop, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KTOP_DATA", str(made / "data"))
    monkeypatch.setenv("KTOP_PUBLIC_URL", "https://ktop.example.org")
    monkeypatch.setenv("KTOP_ISSUER_NAME", "가온 평가원")
    if not (made / "jwks.json").exists():
        paths = ("--signed", made / "result.json", "--report", made / "report.pdf")
        outcome = ktop("rate", "company", EXAMPLE, "--as-of", "2026-06-30", "--json", *paths)
        assert outcome.status == 0 and "https://ktop.example.org/verify/" in outcome.err
        assert [rating["model"]["name"] for rating in json.loads(outcome.out)] == ["tech-index", "ktrs-fm"]
        (made / "jwks.json").write_text(ktop("signing-keys", "list").out)
    return made


@pytest.mark.parametrize("name", ["result.json", "report.pdf"])
def test_it_verifies_where_it_was_made(ktop: Ktop, files: Path, name: str) -> None:
    outcome = ktop("verify", files / name)
    assert outcome.status == 0 and outcome.err == ""
    for expected in ("가온 평가원 (https://ktop.example.org)", "한빛모션", "ktrs-fm 1.", "2026-06-30"):
        assert expected in outcome.out
    assert "authentic, unaltered and not withdrawn" in ktop("verify", files / name, "--lang", "en").out


def test_it_verifies_elsewhere_with_the_keys_and_the_status_is_said_to_be_unknown(
    ktop: Ktop, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KTOP_DATA", str(tmp_path / "bank"))
    outcome = ktop("verify", files / "result.json", "--keys", files / "jwks.json", "--json", lang="en")
    told = json.loads(outcome.out)
    assert outcome.status == 0 and "https://ktop.example.org/status/results/0" in outcome.err
    assert (told["valid"], told["issuer_name"], told["as_of"]) == (True, "가온 평가원", "2026-06-30")
    assert told["subject"] == "한빛모션(가상)" and told["revoked"] is None and told["withheld"] == 1
    assert {"ktrs-fm", "tech-index"} == {model["name"] for model in told["models"]}
    assert not (tmp_path / "bank").exists(), "verifying makes nothing"
    without = ktop("verify", files / "result.json", lang="en")
    assert without.status == 1 and "--keys" in without.err and without.out == ""


def test_a_changed_file_is_one_sentence_and_status_1(ktop: Ktop, files: Path, tmp_path: Path) -> None:
    content = json.loads((files / "result.json").read_text())
    token = content["credential"]
    for changed in (token[:-20] + "A" * 20, token[:200], ""):
        (tmp_path / "bad.json").write_text(json.dumps(content | {"credential": changed}))
        outcome = ktop("verify", tmp_path / "bad.json", "--json")
        assert outcome.status == 1 and outcome.out == "" and len(outcome.err.strip().splitlines()) == 1
    (tmp_path / "bad.pdf").write_bytes((files / "report.pdf").read_bytes() + b"\n")
    assert ktop("verify", tmp_path / "bad.pdf").status == 1
    assert ktop("verify", tmp_path / "none.json").status == 1


def test_inputs_are_withheld_on_the_command_line(ktop: Ktop, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "some.json"
    assert ktop("disclose", files / "result.json", "--only", "name, staff_total", "--out", out).status == 0
    told = json.loads(ktop("verify", out, "--json").out)
    assert list(told["inputs"]) == ["name", "staff_total"] and told["withheld"] > 50
    assert ktop("disclose", files / "result.json", "--out", out).status == 0
    assert json.loads(ktop("verify", out, "--json").out)["inputs"] == {}
    assert ktop("disclose", files / "result.json", "--only", "grade", "--out", out).status == 1


def test_keys_are_rotated_and_withdrawn(ktop: Ktop, files: Path, tmp_path: Path) -> None:
    first = json.loads((files / "jwks.json").read_text())["keys"][0]["kid"]
    assert ktop("signing-keys", "rotate").status == 0
    assert [key["kid"] for key in json.loads(ktop("signing-keys", "list").out)["keys"]][1] == first
    assert ktop("verify", files / "result.json").status == 0
    assert ktop("signing-keys", "rotate", "--withdraw", first).status == 0
    assert ktop("verify", files / "result.json").status == 1
    assert ktop("signing-keys", "rotate", "--withdraw", "nobody").status == 1
