"""``ktop rate technology``, ``patents`` and ``originality``: from source files to ratings, and clear refusals."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.bootstrap import main
from ktop.catalogue import text
from ktop.training.demo_corpus import shipped_lines
from ktop.usecases.corpora import reference

EXAMPLES = Path(__file__).parents[2] / "examples" / "technologies"
BATTERY = EXAMPLES / "solid-state-battery-diagnosis.en.txt"
Ktop = Callable[..., Any]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus built by the command line itself, with a small reference."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "some.jsonl").write_text("\n".join(shipped_lines()[::9]) + "\n", "utf-8")
    for args in (["patents", "import", str(folder / "some.jsonl")], ["patents", "index"], ["patents", "measures"]):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", ["ktop", *args, "--corpus", str(folder / "c")])
            patched.setattr(reference, "REFERENCE_PATENTS", 30)
            main()
    return folder / "c"


def test_json_of_a_technology(ktop: Ktop, corpus: Path, tmp_path: Path) -> None:
    outcome = ktop(
        *("rate", "technology", "--file", BATTERY, "--corpus", corpus, "--json"),
        *("--as-of", "2026-06-30", "--report", tmp_path / "t.pdf"),
    )
    assert outcome.status == 0, outcome.err
    rating = json.loads(outcome.out)
    assert rating["model"]["name"] == "originality"
    assert {"core", "originality", "value", "spillover", "score"} <= rating["scores"].keys()
    for score, base in rating["base"].items():
        parts = [part for part in rating["contributions"] if part["score"] == score]
        assert base["points"] + sum(p["points"] for p in parts) == pytest.approx(rating["scores"][score], abs=1e-9)
    assert rating["details"]["neighbours"]
    assert (tmp_path / "t.pdf").read_bytes()[:5] == b"%PDF-"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_terminal_shows_it(ktop: Ktop, corpus: Path, lang: str) -> None:
    outcome = ktop(
        "rate", "technology", "--file", BATTERY, "--corpus", corpus, "--lang", lang, "--suggest", "--applicant", "A."
    )
    assert outcome.status == 0, outcome.err
    assert "ZZ" in outcome.out
    shown = " ".join(outcome.out.split())  # lines are broken to the terminal's width
    for key in ("report.groups", "report.novelty", "report.suggestion_columns_1", "prospects.title", "prospects.note"):
        assert text(key, lang) in shown


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    "text",
    [
        "five words are not enough",
        "Прибор измеряет температуру печи и передаёт показания по беспроводной сети в центр управления завода.",
        "x" * 10_000_000,
    ],
    ids=["short", "neither language", "10 MB"],
)
def test_bad_summaries_get_one_sentence(ktop: Ktop, corpus: Path, tmp_path: Path, text: str, lang: str) -> None:
    file = tmp_path / "t.txt"
    file.write_text(text, "utf-8")
    report = tmp_path / "r.pdf"
    outcome = ktop("rate", "technology", "--file", file, "--corpus", corpus, "--report", report, "--lang", lang)
    assert outcome.status == 1
    assert outcome.out == ""
    assert len(outcome.err.strip().splitlines()) == 1
    assert any("가" <= letter <= "힣" for letter in outcome.err) == (lang == "ko")
    assert not report.exists()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_broken_xml_is_one_sentence_and_writes_nothing(ktop: Ktop, tmp_path: Path, lang: str) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text('<?xml version="1.0"?><us-patent-grant><us-bibliographic-data-grant>', "utf-8")
    outcome = ktop("patents", "import", broken, "--corpus", tmp_path / "c", "--lang", lang)
    assert outcome.status == 1
    assert "broken.xml" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_an_import_that_takes_nothing_fails_and_names_where_the_reasons_are(
    ktop: Ktop, tmp_path: Path, lang: str
) -> None:
    rows = [{"id": f"US700000{number}B2", "title": ""} for number in range(3)]
    (tmp_path / "untitled.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    outcome = ktop("patents", "import", tmp_path / "untitled.jsonl", "--corpus", tmp_path / "c", "--lang", lang)
    assert outcome.status == 1
    rejects = tmp_path / "c" / "rejects.jsonl"
    assert outcome.err.strip() == text("patents.nothing_to_import", lang, files=1, rejected=3, rejects=str(rejects))
    assert len(rejects.read_text("utf-8").splitlines()) == 3
    rows[1]["title"] = "Lamp"
    (tmp_path / "untitled.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    for _ in range(2):  # one that changes nothing is fine, too
        assert ktop("patents", "import", tmp_path / "untitled.jsonl", "--corpus", tmp_path / "c").status == 0


def test_search_by_text_and_by_table(ktop: Ktop, corpus: Path, tmp_path: Path) -> None:
    text = BATTERY.read_text("utf-8")
    hits = json.loads(ktop("patents", "search", text, "--corpus", corpus, "--top", "5", "--json").out)
    assert len(hits) == 5
    earlier = ktop("patents", "search", text, "--corpus", corpus, "--before", "2012-01-01", "--json")
    assert all(hit["filing_date"] < "2012-01-01" for hit in json.loads(earlier.out))
    pl.DataFrame({"query_id": ["q"], "text": [text]}).write_parquet(tmp_path / "q.parquet")
    outcome = ktop(
        *("patents", "search", "--queries", tmp_path / "q.parquet", "--out", tmp_path / "r.parquet"),
        *("--corpus", corpus, "--top", "5"),
    )
    assert outcome.status == 0, outcome.err
    found = pl.read_parquet(tmp_path / "r.parquet")
    assert found.columns == ["query_id", "rank", "patent_id", "score"]
    assert found["patent_id"].to_list() == [hit["patent_id"] for hit in hits]


def test_a_search_is_bounded_by_class_office_and_language(ktop: Ktop, corpus: Path) -> None:
    text = BATTERY.read_text("utf-8")
    everywhere = json.loads(ktop("patents", "search", text, "--corpus", corpus, "--json").out)
    office = everywhere[0]["patent_id"][:2]
    found = json.loads(ktop("patents", "search", text, "--corpus", corpus, "--country", office, "--json").out)
    assert len(found) == 10
    assert all(hit["patent_id"].startswith(office) for hit in found)
    korean = json.loads(ktop("patents", "search", text, "--corpus", corpus, "--in", "ko", "--json").out)
    assert len(korean) == 10
    assert all(any("가" <= char <= "힣" for char in hit["title"]) for hit in korean)
    assert json.loads(ktop("patents", "search", text, "--corpus", corpus, "--country", "QQ", "--json").out) == []
    for option, value, said in (("--class", "battery", "G06F"), ("--country", "korea", "KR"), ("--in", "fr", "ko")):
        refused = ktop("patents", "search", text, "--corpus", corpus, option, value)
        assert refused.status == 1
        assert value in refused.err
        assert said in refused.err


def test_a_sound_corpus_is_said_to_be_sound(ktop: Ktop, corpus: Path) -> None:
    outcome = ktop("patents", "verify", "--corpus", corpus, "--json")
    assert outcome.status == 0, outcome.err
    report = json.loads(outcome.out)
    assert (report["damaged"], report["lost"], report["repaired"]) == ([], [], False)


def test_scores_of_a_table(ktop: Ktop, corpus: Path, tmp_path: Path) -> None:
    pl.DataFrame({"query_id": ["q"], "text": [BATTERY.read_text("utf-8")]}).write_parquet(tmp_path / "q.parquet")
    outcome = ktop(
        *("originality", "score", "--queries", tmp_path / "q.parquet", "--out", tmp_path / "r.parquet"),
        *("--corpus", corpus),
    )
    assert outcome.status == 0, outcome.err
    assert pl.read_parquet(tmp_path / "r.parquet").height == 1


def test_measures_are_written(corpus: Path) -> None:
    assert pl.read_parquet(corpus / "measures" / "patents.parquet").height > 100


def test_what_is_missing_is_told(ktop: Ktop, tmp_path: Path) -> None:
    assert ktop("patents", "search", "battery", "--corpus", tmp_path / "none").status == 1
    assert ktop("patents", "search", "--corpus", tmp_path / "none").status == 1
    assert ktop("rate", "technology").status == 1
    assert ktop("patents", "import", tmp_path / "none.xml", "--corpus", tmp_path / "c").status == 1


def test_proposals_are_ranked(ktop: Ktop, corpus: Path, tmp_path: Path) -> None:
    body = BATTERY.read_text("utf-8")
    pl.DataFrame({"id": ["a", "b", "c"], "text": [body, body + " It is made of steel.", "no"]}).write_csv(
        tmp_path / "p.csv"
    )
    outcome = ktop("originality", "rank", tmp_path / "p.csv", "--out", tmp_path / "r.parquet", "--corpus", corpus)
    assert outcome.status == 0, outcome.err
    found = pl.read_parquet(tmp_path / "r.parquet")
    assert set(found["proposal_id"]) == {"a", "b", "c"}
    assert found["proposal_id"].to_list()[2] == "c"
    assert dict(zip(found["proposal_id"], found["duplicate_of"], strict=True)) == {"a": "b", "b": "a", "c": None}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_two_technologies_side_by_side(ktop: Ktop, corpus: Path, lang: str) -> None:
    pair = (BATTERY, EXAMPLES / "endoscopy-reading.ko.txt")
    shown = ktop("originality", "compare", *pair, "--corpus", corpus, "--lang", lang)
    assert shown.status == 0, shown.err
    assert "A." in shown.out
    outcome = ktop("originality", "compare", *pair, "--corpus", corpus, "--json")
    found = json.loads(outcome.out)
    gap = found["a"]["scores"]["score"] - found["b"]["scores"]["score"]
    assert found["comparison"]["scores"]["score"]["difference"] == pytest.approx(gap)


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (
            PermissionError(13, "Permission denied", "/closed/out.json"),
            1,
            "'/closed/out.json' cannot be written or read",
        ),
    ],
)
def test_what_ends_a_command_is_one_sentence(
    ktop: Ktop, monkeypatch: pytest.MonkeyPatch, trouble: BaseException, status: int, words: str
) -> None:
    def ended(service: object, actor: object) -> None:
        raise trouble

    monkeypatch.setattr("ktop.usecases.companies.service.CompanyService.company_schema", ended)
    found = ktop("schema", lang="en")
    assert (found.status, found.out, found.err.count("\n")) == (status, "", 1)
    assert words in found.err
