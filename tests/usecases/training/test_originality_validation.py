"""The validation report of the originality model on a made-up corpus: figures, page, bad input told in a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.errors import InputError
from ktop.usecases.training.originality_data import training_table
from ktop.usecases.training.originality_stability import CHANGES, padded
from ktop.usecases.training.originality_validation import summary_line, validate_originality

pytest.importorskip("scipy")
EXAMPLE = Path(__file__).parents[3] / "examples" / "technologies" / "cervical-cancer-reading.ko.txt"
TEXT = "A camera takes a picture of the tissue. A network finds the cells. The grade is shown on a screen."


@pytest.fixture
def quick(few_wordings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few technologies reworded, and years of few patents good enough for a top."""
    monkeypatch.setattr("ktop.training.originality.outcomes.FEWEST_IN_GROUP", 5)
    monkeypatch.setattr("ktop.training.originality.learning.FEWEST_IN_GROUP", 5)
    monkeypatch.setattr("ktop.usecases.training.originality_stability.TECHNOLOGIES", 2)


def test_a_report_holds_every_part(demo_corpus: Path, tmp_path: Path, quick: None) -> None:
    table = training_table(demo_corpus, 120)
    extra, pairs = tmp_path / "extra.parquet", tmp_path / "pairs.csv"
    table.select("id", pages=pl.col("chars") // 2).write_parquet(extra)
    summary = EXAMPLE.read_text("utf-8")
    pl.DataFrame({"a": [summary], "b": [summary], "as_of": ["2026-06-30"]}).write_csv(pairs)
    report = validate_originality(demo_corpus, tmp_path / "out", patents=120, pairs=pairs, extra=extra, lang="ko")
    assert report == json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    for name, pack in report["targets"].items():
        rows = pack["within"]["rows"]
        assert {"score", "chars", "neighbours", "pages", "best_single", "in_force", "trait_core"} <= set(rows), name
        assert rows["pages"]["auc"]["value"] == pytest.approx(rows["chars"]["auc"]["value"], abs=0.05)
        assert {"calibration", "fairness", "ladder"} <= set(pack)
        assert set(pack["fairness"]["dimensions"]) == {"language", "length", "field"}
    moves = {row["change"]: row for row in report["robustness"]["rows"]}
    assert set(moves) == {*CHANGES, "year_later", "pairs"}
    assert moves["pairs"]["same"] == 1.0 and moves["pairs"]["mean"] == 0.0
    assert "글이 바뀌어도 등급이 유지되는가" in page and "출원 연도 안에서 가려내는 힘" in page
    assert "AUC" in summary_line(report, "en")


@pytest.mark.parametrize(("option", "content"), [("extra", "a,b\n1,2\n"), ("pairs", "x\n1\n"), ("extra", None)])
def test_a_table_that_does_not_fit_is_told(
    demo_corpus: Path, tmp_path: Path, quick: None, option: str, content: str | None
) -> None:
    path = tmp_path / "given.csv"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(InputError, match="originality"):
        validate_originality(demo_corpus, tmp_path / "out", patents=120, **{option: path})  # type: ignore[arg-type]


def test_what_cannot_be_used_is_told_before_the_long_work(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("a,b,as_of\nwords,other words,someday\n", "utf-8")
    nowhere = tmp_path / "no-corpus"
    for out, options, key in (
        (tmp_path / "out", {"pairs": tmp_path / "pairs.csv"}, "originality.pairs_broken"),
        (tmp_path / "out", {"extra": tmp_path}, "originality.extra_broken"),
        (tmp_path / "pairs.csv", {}, "originality.out_is_file"),
    ):
        with pytest.raises(InputError) as refused:
            validate_originality(nowhere, out, **options)  # type: ignore[arg-type]
        assert refused.value.key == key


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_change_rewords_and_loses_little(name: str) -> None:
    found = CHANGES[name](TEXT, "en", random.Random(1))
    kept = set(TEXT.casefold().replace(".", "").split())
    left = set(found.casefold().replace(".", "").split())
    assert len(kept & left) >= 0.7 * len(kept)
    if name != "synonyms":
        assert found != TEXT


def test_padding_is_in_the_text_s_language() -> None:
    draw = random.Random(1)
    assert "본 기술" in padded("가", "ko", draw) and "disclosure" in padded("a", "en", draw)
