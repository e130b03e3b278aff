"""The bridge over a vocabulary of a few words whose vectors are written by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.patents.analysis.encoder import DIMENSIONS
from ktop.patents.engine import bridge
from ktop.patents.engine.bridge import Bridge, build_bridge, sampled_texts

#: English words at these cosines to the Korean word, which no glossary has.
NEAR = {"wa": 0.9, "wb": 0.85, "wc": 0.8, "wd": 0.7, "we": 0.6, "wf": 0.55, "wg": 0.4, "wh": 0.3}
KOREAN = "가갸거겨"


def at(cosine: float) -> np.ndarray:
    """Return a unit vector at this cosine to the first axis."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[:2] = cosine, math.sqrt(1 - cosine**2)
    return vector


@pytest.fixture(autouse=True)
def nothing_is_commonplace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "encode", lambda texts: np.zeros((len(texts), DIMENSIONS), dtype=np.float32))
    monkeypatch.setattr(
        bridge, "encode_remembered", lambda terms: np.stack([at(1.0) for _ in terms] or [at(1.0)])[: len(terms)]
    )


def made(folder: Path, near: dict[str, float], korean: Sequence[str] = (KOREAN,), patents: int = 40) -> Bridge:
    words = [("ko", word) for word in korean] + [("en", word) for word in near]
    frame = pl.DataFrame(
        {
            "language": [language for language, _ in words],
            "term": [word for _, word in words],
            "surface": [word for _, word in words],
            "patents": range(1, len(words) + 1),
        },
        schema={"language": pl.String, "term": pl.String, "surface": pl.String, "patents": pl.Int64},
    )
    frame.write_parquet(folder / "vocabulary.parquet")
    vectors = np.stack([at(1.0)] * len(korean) + [at(cosine) for cosine in near.values()] or [at(0.0)])[: len(words)]
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
    (folder / "about.json").write_text(json.dumps({"patents": patents, "terms": len(words)}))
    return Bridge(folder)


def test_a_word_is_led_to_the_five_nearest_that_are_near_enough(tmp_path: Path) -> None:
    found = made(tmp_path, NEAR).translate([(KOREAN, KOREAN)], "ko")[0]
    assert [near.term for near in found] == ["wa", "wb", "wc", "wd", "we"]
    assert [round(near.similarity, 2) for near in found] == [0.9, 0.85, 0.8, 0.7, 0.6]
    (tmp_path / "few").mkdir()
    few = made(tmp_path / "few", {"wf": 0.55, "wg": 0.4}).translate([(KOREAN, KOREAN)], "ko")[0]
    assert [near.term for near in few] == ["wf"]


def test_rarity_is_that_of_the_word_else_of_its_counterpart_else_the_median(tmp_path: Path) -> None:
    made_one = made(tmp_path, NEAR, patents=40)
    expected = [math.log(1 + (40 - n + 0.5) / (n + 0.5)) for n in range(1, 10)]
    assert np.allclose(made_one.idf, expected, rtol=1e-6)
    own, counterpart = made_one.rarity([(KOREAN, KOREAN), ("나냐너녀", "나냐너녀")], "ko")
    assert own == pytest.approx(expected[0], rel=1e-6)
    assert counterpart == pytest.approx(expected[1], rel=1e-6)  # of "wa", the nearest of the other language
    assert expected[1] != pytest.approx(float(np.median(expected)))
    (tmp_path / "ko").mkdir()
    alone = made(tmp_path / "ko", {}, korean=(KOREAN, "다댜더뎌", "라랴러려"), patents=40)
    assert alone.rarity([("마먀머며", "마먀머며")], "ko") == [pytest.approx(expected[1], rel=1e-6)]


def test_without_a_vocabulary_every_word_says_as_much(tmp_path: Path) -> None:
    empty = made(tmp_path, {}, korean=())
    assert empty.rarity([("a", "a"), ("b", "b"), ("c", "c")], "en") == [1.0, 1.0, 1.0]


def test_every_word_of_the_vocabulary_is_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"w{number}" for number in range(1_100)]  # more than are encoded at a time
    frame = pl.DataFrame({"language": "en", "term": words, "surface": words, "patents": 3})
    monkeypatch.setattr(bridge, "_vocabulary", lambda corpus, content: frame)

    def encoded(texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        vectors[:, 0] = [int(text[1:]) + 1 for text in texts]
        return vectors

    monkeypatch.setattr(bridge, "encode", encoded)
    told: list[Any] = []
    content: Any = range(7)
    build_bridge(None, content, tmp_path / "b", lambda *step: told.append(step))  # type: ignore[arg-type]  # no corpus is asked
    assert np.load(tmp_path / "b" / "vectors.npy")[:, 0].tolist() == list(range(1, 1_101))
    assert told[-1] == (1_100, 1_100, "bridge")
    assert json.loads((tmp_path / "b" / "about.json").read_text()) == {"patents": 7, "terms": 1_100}


class Content:
    """An index of so many patents, every term in the number of them that its name tells."""

    def __init__(self, patents: int, counts: dict[str, int]) -> None:
        self._patents, self._counts = patents, {bridge.term_code(term): count for term, count in counts.items()}
        self.term_counts = SimpleNamespace(of=lambda codes: np.array([self._counts.get(int(c), 0) for c in codes]))

    def __len__(self) -> int:
        return self._patents


def vocabulary(monkeypatch: pytest.MonkeyPatch, content: Content, texts: Sequence[str]) -> list[str]:
    monkeypatch.setattr(bridge, "sampled_texts", lambda corpus, size: [("en", text) for text in texts])
    found = bridge._vocabulary(None, content)  # type: ignore[arg-type]  # the corpus is asked for texts alone
    return [term for term in found["term"] if bridge.PAIR not in term]


def test_what_one_text_of_many_says_is_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["gripper", "gripper", "sensor"]
    counts = {"gripper": 90, "sensor": 90, "sludg": 90}
    assert vocabulary(monkeypatch, Content(1_001, counts), texts) == ["gripper"]
    assert vocabulary(monkeypatch, Content(1_000, counts), texts) == ["gripper", "sensor"]


@pytest.mark.parametrize(("patents", "least"), [(1_000, 2), (30_000, 2), (30_001, 3), (45_000, 3), (45_001, 4)])
def test_a_word_needs_a_patent_in_fifteen_thousand(monkeypatch: pytest.MonkeyPatch, patents: int, least: int) -> None:
    texts = ["gripper sensor"] * 2
    content = Content(patents, {"gripper": least, "sensor": least - 1})
    assert vocabulary(monkeypatch, content, texts) == ["gripper"]


def test_texts_are_sampled_from_the_first_to_the_last() -> None:
    rows = pl.DataFrame(
        {"language": "en", "title": [str(n) for n in range(1_000)], "abstract": "a", "first_claim": None},
        schema_overrides={"first_claim": pl.String},
    )
    corpus: Any = SimpleNamespace(
        manifest=SimpleNamespace(partitions={2020: SimpleNamespace(rows=1_000)}), patents=lambda years: rows.lazy()
    )
    taken = [int(text.partition(".")[0]) for _, text in sampled_texts(corpus, 200)]
    assert taken == [*range(50), *range(316, 366), *range(633, 683), *range(950, 1_000)]
    assert len(list(sampled_texts(corpus, 1_000))) == 1_000


@pytest.mark.parametrize("noise", [0.02, 0.3, 3.0])
def test_main_directions_change_no_counterpart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: float) -> None:
    random = np.random.default_rng(11)
    shared = random.standard_normal((24, DIMENSIONS))

    def some(number: int) -> np.ndarray:
        found = random.standard_normal((number, 24)) @ shared + noise * random.standard_normal((number, DIMENSIONS))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    words = [f"w{n:03}" for n in range(600)]
    bridge_ = made(tmp_path, dict.fromkeys(words, 0.5))
    np.save(tmp_path / "vectors.npy", np.concatenate([some(1), some(len(words))]).astype(np.float16))
    asked, common = some(40), some(30)
    monkeypatch.setattr(bridge, "encode_remembered", lambda terms: asked[[int(term) for term in terms]])
    monkeypatch.setattr(bridge, "encode", lambda texts: common[: len(texts)])
    monkeypatch.setattr(bridge, "MIN_TRANSLATION_SIMILARITY", -1.0)
    terms = [(f"가{n}", str(n)) for n in range(len(asked))]
    whole = bridge_.translate(terms, "ko")
    for many in (1, 10_000):
        monkeypatch.setattr(bridge, "_MANY", many)
        assert Bridge(tmp_path).translate(terms, "ko") == whole
        assert Bridge(tmp_path).translate(terms[:1], "ko") == whole[:1]
    vectors = np.load(tmp_path / "vectors.npy").astype(np.float32)[1:]
    hub = 0.5 * np.sort(vectors @ common[:30].T, axis=1)[:, -10:].mean(axis=1)
    for row, near in enumerate(whole):
        best = np.argsort(-(vectors @ asked[row] - hub), kind="stable")[:5]
        assert {found.term for found in near} == {words[place] for place in best}
