"""``ktop rate company`` and ``batch``: JSON and nothing else, one sentence for bad input, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from ktop.usecases.uploads import read_record

EXAMPLES = Path(__file__).parents[2] / "examples" / "companies"
HANBIT = EXAMPLES / "hanbit-motion.yaml"
Ktop = Callable[..., Any]
KEYS = {
    *("model", "subject", "as_of", "scores", "grades", "probabilities", "contributions"),
    *("position", "opinions", "next_steps", "warnings", "inputs"),
}


def test_json_has_the_published_shape_and_adds_up(ktop: Ktop) -> None:
    outcome = ktop("rate", "company", HANBIT, "--json", "--as-of", "2026-06-30")
    assert outcome.status == 0
    assert outcome.err == ""
    ratings = json.loads(outcome.out)
    assert [rating["model"]["name"] for rating in ratings] == ["tech-index", "ktrs-fm"]
    for rating in ratings:
        assert rating.keys() >= KEYS
        for score, base in rating["base"].items():
            parts = [part for part in rating["contributions"] if part["score"] == score]
            assert base["points"] + sum(p["points"] for p in parts) == pytest.approx(rating["scores"][score], abs=1e-9)
            assert base["logit"] + sum(p["logit"] for p in parts) == pytest.approx(rating["logits"][score], abs=1e-9)
        assert {opinion["lang"] for opinion in rating["opinions"]} == {"ko", "en"}


def test_what_can_be_rated_is_rated_and_the_rest_says_why(ktop: Ktop, tmp_path: Path) -> None:
    """A firm of which only the checklist is known has no Tech-Index, but a KTRS-FM rating; an old one no start-up's."""
    answers = {"name": "가람시험(가상)", "checklist": {f"q{k:02d}": 4 for k in range(1, 26)}}
    file = tmp_path / "checklist.yaml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    outcome = ktop("rate", "company", file, "--json", "--lang", "en", "--as-of", "2026-06-30")
    assert outcome.status == 0
    assert [rating["model"]["name"] for rating in json.loads(outcome.out)] == ["ktrs-fm"]
    assert "Tech-Index" in outcome.err
    both = ktop(
        "rate", "company", HANBIT, "--model", "start-up", "--model", "ktrs-fm", "--json", "--as-of", "2026-06-30"
    )
    assert both.status == 0 and both.err.strip()
    assert [rating["model"]["name"] for rating in json.loads(both.out)] == ["ktrs-fm"]
    alone = ktop("rate", "company", HANBIT, "--model", "start-up", "--as-of", "2026-06-30")
    assert alone.status == 1


def test_one_model_one_language(ktop: Ktop) -> None:
    outcome = ktop("rate", "company", HANBIT, "--model", "tech-index", "--lang", "en", "--json")
    (rating,) = json.loads(outcome.out)
    assert {opinion["lang"] for opinion in rating["opinions"]} == {"en"}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_terminal_shows_scores_parts_and_advice(ktop: Ktop, lang: str) -> None:
    outcome = ktop("rate", "company", HANBIT, "--lang", lang, "--as-of", "2026-06-30")
    assert outcome.status == 0
    words = {"ko": ("혁신성장역량지수", "기술사업평가등급", "유의사항"), "en": ("Tech-Index", "grade", "Please note")}
    for word in words[lang]:
        assert word in outcome.out


def test_the_report_is_a_pdf(ktop: Ktop, tmp_path: Path) -> None:
    outcome = ktop("rate", "company", HANBIT, "--report", tmp_path / "r.pdf", "--as-of", "2026-06-30")
    assert outcome.status == 0
    assert (tmp_path / "r.pdf").read_bytes()[:5] == b"%PDF-"


def broken(**change: Any) -> dict[str, Any]:
    return {**read_record(HANBIT), **change}


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    ("record", "names"),
    [
        (broken(business_number="123-45-67890"), "123-45-67890"),
        (broken(staff=[{"date": "2025-12-31", "total": -3}]), "-3"),
        (broken(statements=[{"year": 2023}, {"year": 2025}, {"year": 2024}]), "2025"),
        (broken(foundd="2012-01-01"), "founded"),
    ],
    ids=["check digit", "negative staff", "years out of order", "unknown field"],
)
def test_bad_records_get_one_sentence_and_write_nothing(
    ktop: Ktop, tmp_path: Path, record: dict[str, Any], names: str, lang: str
) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(yaml.safe_dump(record, allow_unicode=True), "utf-8")
    outcome = ktop("rate", "company", path, "--json", "--report", tmp_path / "r.pdf", "--lang", lang)
    assert outcome.status == 1
    assert outcome.out == ""
    assert names in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert any("가" <= letter <= "힣" for letter in outcome.err) == (lang == "ko")
    assert [p.name for p in tmp_path.iterdir()] == ["company.yaml"]


def test_wrong_usage_is_told_apart_from_bad_input(ktop: Ktop, tmp_path: Path) -> None:
    assert ktop("rate", "company").status == 2
    assert ktop("rate", "company", tmp_path / "absent.yaml").status == 1
    assert ktop("rate", "company", HANBIT, "--lang", "fr").status == 1
    assert ktop("rate", "company", HANBIT, "--as-of", "yesterday").status == 1
    assert ktop("--version").status == 0


def test_the_schema_accepts_the_examples(ktop: Ktop) -> None:
    schema = json.loads(ktop("schema", "company").out)
    for path in EXAMPLES.glob("*.yaml"):
        record = json.loads(json.dumps(read_record(path), default=str))
        jsonschema_rs.validate(schema, record)
    columns = json.loads(ktop("schema", "batch").out)
    assert {"company_id", "staff_total", "q25"} <= {column["name"] for column in columns}


def test_a_batch_of_three_formats(ktop: Ktop, tmp_path: Path) -> None:
    for ending in ("csv", "xlsx", "parquet"):
        outcome = ktop("rate", "batch", EXAMPLES / "batch.csv", "--out", tmp_path / f"o.{ending}", "--lang", "en")
        assert outcome.status == 0
        assert (tmp_path / f"o.{ending}").exists()
    assert ktop("rate", "batch", EXAMPLES / "batch.csv", "--out", tmp_path / "o.doc").status == 1
    assert not (tmp_path / "o.doc").exists()


def test_models_are_listed_and_shown(ktop: Ktop) -> None:
    cards = json.loads(ktop("models", "list", "--json").out)
    assert {card["name"] for card in cards} == {
        "tech-index",
        "ktrs-fm",
        "start-up",
        "global-expansion",
        "originality",
    }
    listed = ktop("models", "list", "--lang", "ko").out
    assert "가상 기업" in listed and listed.index("1.3.0") < listed.rindex("1.0.0"), "those in force come first"
    assert json.loads(ktop("models", "show", "tech-index").out)["name"] == "tech-index"
    assert ktop("models", "show", "nothing").status == 1
