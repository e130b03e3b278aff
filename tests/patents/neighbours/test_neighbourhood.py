"""A technology among its nearest earlier patents: counted by hand where that can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.domain.technology.summary import Technology
from ktop.patents.analysis.text import Analyser
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.patent_search import Filter
from ktop.patents.neighbours.neighbourhood import candidates, neighbourhood
from ktop.patents.neighbours.similarity import OFFSET, SLOPE

from ..conftest import made_up_records, write_records

DAY = date(2012, 7, 1)
PADDING = Path(__file__).resolve().parents[2] / "fixtures" / "padding.yaml"
ENGLISH = (
    "A medical image of a patient is segmented to find cancer lesions in the tissue and to give a tumor diagnosis."
)
KOREAN = "환자의 의료 영상을 분할하여 조직의 암 병변과 종양을 찾아내고 진단 결과를 의사에게 알려 주는 기술이다."


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


@pytest.fixture(scope="module", params=[ENGLISH, KOREAN], ids=["en", "ko"])
def found(request: pytest.FixtureRequest, index: PatentIndex) -> Neighbourhood:
    return neighbourhood(index, Technology.from_text(request.param, DAY), size=30)


def test_neighbours_are_earlier_and_the_most_similar_first(found: Neighbourhood, records: list[dict[str, Any]]) -> None:
    filed = {record["id"]: record["filed"] for record in records}
    assert found.size == 30
    assert all(filed[patent_id] < DAY.isoformat() for patent_id in found.patent_ids)
    assert (found.age_years > 0).all()
    assert (np.diff(found.similarity) <= 0).all()
    assert (found.similarity >= 0).all()
    assert (found.similarity <= 1).all()
    theme = {record["id"]: record["theme"] for record in records}
    assert [theme[patent_id] for patent_id in found.patent_ids[:5]].count("imaging") >= 4


def test_arrays_fit_together(found: Neighbourhood) -> None:
    n, t = found.size, len(found.key_terms.terms)
    assert found.pair_similarity.shape == (n, n)
    assert np.diag(found.pair_similarity) == pytest.approx(np.ones(n))
    assert found.pair_similarity == pytest.approx(found.pair_similarity.T)
    assert found.key_terms.in_neighbour.shape == (t, n)
    assert found.key_terms.weight.max() == pytest.approx(1.0)
    assert len(found.classes.offsets) == len(found.applicants.offsets) == len(found.topics.offsets) == n + 1
    assert (np.diff(found.background) >= 0).all()


def test_patents_nearest_in_meaning_are_earlier_and_the_nearest_first(found: Neighbourhood) -> None:
    near = found.in_meaning
    assert len(near.cosine) == len(near.filing_day) == len(near.topic) == 45
    assert (np.diff(near.cosine) <= 0).all() and near.cosine[0] <= 1.0
    assert (near.filing_day < day_number(DAY)).all()
    # what is near by both words and meaning is near by meaning: on one scale with the neighbours
    assert near.cosine[0] == pytest.approx(found.semantic.max(), abs=0.02)


def test_the_nearest_alone_are_the_same_patents(found: Neighbourhood) -> None:
    few = found.nearest(7)
    assert few.size == 7 and few.patent_ids.tolist() == found.patent_ids[:7].tolist()
    assert few.pair_similarity.shape == (7, 7)
    assert few.key_terms.in_neighbour.shape[1] == few.text_terms.in_neighbour.shape[1] == 7
    for labels, whole in ((few.classes, found.classes), (few.applicants, found.applicants)):
        assert [labels.row(i) for i in range(7)] == [whole.row(i) for i in range(7)]
    assert all(len(values) == 7 for values in few.measures.values())
    assert found.nearest(found.size) is found


def test_the_corpus_is_counted_by_year(found: Neighbourhood, records: list[dict[str, Any]]) -> None:
    earlier = [record for record in records if record["filed"] < DAY.isoformat()]
    assert found.corpus_size == len(earlier)
    assert found.patents_per_year.sum() == len(earlier)
    for year, count in zip(found.years, found.patents_per_year, strict=True):
        assert count == sum(record["filed"].startswith(str(year)) for record in earlier)


def test_term_statistics_equal_counting_by_hand(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    """English question; Korean patents count through their counterparts, so only English-only terms are compared."""
    nearby = neighbourhood(index, Technology.from_text(ENGLISH, DAY), size=30)
    analyser = Analyser()
    lesion = list(nearby.key_terms.terms).index("lesions")
    english = [r for r in records if r["filed"] < DAY.isoformat() and r["language"] == "en"]
    korean = [r for r in records if r["filed"] < DAY.isoformat() and r["language"] == "ko"]
    having = [r for r in english if "lesion" in analyser.terms(f"{r['title']}. {r['abstract']}", "en")]
    having += [r for r in korean if "병변" in analyser.terms(f"{r['title']}. {r['abstract']}", "ko")]
    terms = nearby.key_terms
    assert terms.df[lesion] == len(having)
    assert terms.first_day[lesion] == min(day_number(date.fromisoformat(r["filed"])) for r in having)
    recent = DAY - timedelta(days=3 * 365.25)
    assert terms.df_recent[lesion] == sum(r["filed"] > recent.isoformat() for r in having)
    in_neighbours = {r["id"] for r in having} & set(nearby.patent_ids)
    assert terms.in_neighbour[lesion].sum() == len(in_neighbours)


def test_citations_are_those_known_on_the_day(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    nearby = neighbourhood(index, Technology.from_text(ENGLISH, DAY), size=60)
    for i, patent_id in enumerate(nearby.patent_ids):
        citing = [r for r in records if patent_id in r["cites"] and r["filed"] < DAY.isoformat()]
        assert nearby.measures["citations"][i] == len(citing)
    claims = {record["id"]: record["claims"] for record in records}
    assert nearby.measures["claims"].tolist() == [claims[patent_id] for patent_id in nearby.patent_ids]


def test_an_excluded_patent_takes_its_family_along(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    families: dict[str, list[str]] = {}
    for record in records:
        families.setdefault(record["family"], []).append(record["id"])
    own = next(ids for ids in families.values() if len(ids) > 1)
    text = "The robot and the gripper arm are measured. A sensor finds an obstacle on the path of the joint motion."
    technology = Technology.from_text(text, date(2016, 1, 1))
    everything = neighbourhood(index, technology, size=120)
    without = neighbourhood(index, technology, exclude=[own[0]], size=120)
    assert not set(own) & set(without.patent_ids)
    assert without.corpus_size == everything.corpus_size - len(own)
    assert without.patents_per_year.sum() == without.corpus_size


def test_a_day_before_the_first_patent_has_no_neighbours(index: PatentIndex) -> None:
    nothing = neighbourhood(index, Technology.from_text(ENGLISH, date(1990, 1, 1)))
    assert nothing.size == 0
    assert nothing.corpus_size == 0
    assert len(nothing.years) == 0
    assert nothing.key_terms.df.sum() == 0
    assert np.isnan(nothing.key_terms.first_day).all()


def test_later_patents_change_nothing_that_was_known(tmp_path: Path) -> None:
    """The same question as of the same day, before and after the corpus has grown by later patents only."""
    records = made_up_records(per_theme=12)
    known = [record for record in records if record["filed"] < DAY.isoformat()]
    grown, early = tmp_path / "grown", tmp_path / "early"
    for folder, content in ((early, known), (grown, records)):
        folder.mkdir()
        import_paths(folder / "corpus", [write_records(folder / "records.jsonl", content)])
        build_index(folder / "corpus")
    technology = Technology.from_text(ENGLISH, DAY)
    before, after = (neighbourhood(PatentIndex(folder / "corpus"), technology, size=200) for folder in (early, grown))
    english = [i for i in range(before.size) if before.language[i] == "en"]
    place = {patent_id: i for i, patent_id in enumerate(after.patent_ids)}
    assert before.corpus_size == after.corpus_size
    assert before.patents_per_year.tolist() == after.patents_per_year.tolist()
    for i in english:
        assert before.lexical[i] == pytest.approx(after.lexical[place[before.patent_ids[i]]], abs=1e-6)
    shared = set(before.key_terms.terms) & set(after.key_terms.terms)
    assert len(shared) >= 10


@pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_padding_and_repetition_change_nothing(index: PatentIndex, text: str) -> None:
    technology = Technology.from_text(text, DAY)
    plain = neighbourhood(index, technology, size=30)
    padding = yaml.safe_load(PADDING.read_text(encoding="utf-8"))["development"]
    added = [sentence for kind in padding.values() for sentence in kind[technology.language]]
    for longer in (f"{text} {text}", " ".join([text, *added]), " ".join([*added[:3], text])):
        found = neighbourhood(index, Technology.from_text(longer, DAY), size=30)
        assert found.patent_ids.tolist() == plain.patent_ids.tolist()
        assert found.similarity == pytest.approx(plain.similarity)
        assert found.key_terms.terms.tolist() == plain.key_terms.terms.tolist()


def test_words_and_meaning_count_the_same_in_both_languages(found: Neighbourhood) -> None:
    expected = np.clip(SLOPE * (found.semantic + found.lexical - OFFSET), 0.0, 1.0)
    np.testing.assert_allclose(found.similarity, expected, atol=1e-6)
    assert {str(language) for language in found.language} == {"ko", "en"}


def test_the_nearest_in_meaning_are_candidates_whatever_the_words(index: PatentIndex) -> None:
    question = index.question("Zyxwv quuxification of tumors frobnicated from pictures of the body.", "en")
    before = day_number(DAY)
    nothing = np.empty(0, dtype=np.int64)
    meant, _ = index.dense.search(question.vector_across, 10, before, np.empty(0, dtype=np.uint8))
    chosen = candidates(index, question, 10, before, nothing).docs
    assert len(meant) == 10 and np.isin(meant, chosen).all()
    assert (np.diff(chosen) > 0).all()
    more, _ = index.by_vector(question.vector_across, 25, before, Filter())
    fewer, _ = index.by_vector(question.vector_across, 10, before, Filter())  # the first of those are at hand
    other, _ = index.by_vector(-question.vector_across, 10, before, Filter())
    assert fewer.tolist() == more[:10].tolist() == meant.tolist() and other.tolist() != fewer.tolist()
    without = candidates(index, question, 10, before, meant[:3]).docs
    assert not np.isin(meant[:3], without).any() and np.isin(meant[3:], without).all()


def test_halves_are_the_same_on_one_core_and_on_two(
    small_corpus: Path, index: PatentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = f"{ENGLISH} A lens reads the tissue. A network marks each lesion. The doctor is told what was found."
    technology = Technology.from_text(summary, DAY)
    told = []
    for size in (0, len(index) + 1):
        monkeypatch.setattr("ktop.patents.engine.index.BESIDE_FROM", size)
        fresh = PatentIndex(small_corpus)
        found = neighbourhood(fresh, technology, size=30, within_field=True, aligned=True, halved=True)
        told.append([repr(replace(each, seconds={}, halves=())) for each in (found, *found.halves)])
    assert len(told[0]) == 3
    assert told[0] == told[1]
