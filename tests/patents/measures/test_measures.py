"""Measures against published values, hand-worked examples and plain loops; what a corpus cannot tell is null."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.measures import MEASURES, compute_measures, concentration, generality, measure, originality
from ktop.training import demo_corpus

FACTS = {
    "id": pl.String,
    "known_from": pl.Date,
    "publication_date": pl.Date,
    "family": pl.String,
    "claims": pl.Int32,
    "literature": pl.Int32,
    "classes": pl.List(pl.String),
}


def facts(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return patents for ``measure``; what a row leaves out is unknown."""
    blank: dict[str, Any] = dict.fromkeys(FACTS) | {"classes": [], "literature": 0}
    return pl.DataFrame([blank | row for row in rows], schema=FACTS)


def edges(*pairs: tuple[str | None, str | None]) -> pl.DataFrame:
    """Return citations (citing, cited) for ``measure``."""
    return pl.DataFrame(list(pairs), schema={"citing_id": pl.String, "cited_id": pl.String}, orient="row")


def rows(found: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in found.iter_rows(named=True)}


# --- the formulas ---------------------------------------------------------------------------------------------------


def test_the_index_by_hand() -> None:
    assert originality([3, 2]) == pytest.approx(1 - (0.6**2 + 0.4**2))
    assert originality([3, 2], corrected=True) == pytest.approx(0.48 * 5 / 4)
    assert generality([7, 1, 1]) == pytest.approx(1 - (49 + 1 + 1) / 81)
    assert originality([5]) == 0.0


def test_nothing_cited_is_not_zero() -> None:
    assert math.isnan(originality([]))
    assert math.isnan(generality([0, 0]))
    assert math.isnan(originality([1], corrected=True)), "one citation cannot show any spread"


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_the_index_lies_in_its_range_and_grows_when_a_class_is_split(class_counts: list[int]) -> None:
    spread = originality(class_counts)
    assert 0.0 <= spread <= 1.0 - 1.0 / len(class_counts) + 1e-12
    if class_counts[0] > 1:
        assert originality([1, class_counts[0] - 1, *class_counts[1:]]) > spread


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(2, 9))
def test_identities_of_the_herfindahl_index(class_counts: list[int], chance: Any, times: int) -> None:
    index = concentration(class_counts)
    assert 1 / len(class_counts) - 1e-12 <= index <= 1 + 1e-12
    shuffled = list(class_counts)
    chance.shuffle(shuffled)
    assert concentration(shuffled) == pytest.approx(index), "the order of classes does not matter"
    assert concentration([times * count for count in class_counts]) == pytest.approx(index), "nor does their unit"
    assert concentration([*class_counts, 0]) == pytest.approx(index), "nor a class that nobody has"
    assert concentration([7] * len(class_counts)) == pytest.approx(1 / len(class_counts)), "equal shares: 1 / classes"
    total = sum(class_counts)
    pairs = sum(count * (count - 1) for count in class_counts)
    if total > 1:  # Hall's correction: the share of pairs of citations that are to different classes
        assert originality(class_counts, corrected=True) == pytest.approx(1 - pairs / (total * (total - 1)))


def _star(center: str, class_counts: Sequence[int], *, forward: bool) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return a patent, patents of so many classes around it, and the citations between them."""
    leaves = [
        {"id": f"{center}-{position}-{n}", "classes": [f"A{position:02}B"]}
        for position, count in enumerate(class_counts)
        for n in range(count)
    ]
    pairs = [(leaf["id"], center) if forward else (center, leaf["id"]) for leaf in leaves]
    return [{"id": center, "classes": ["H04L"]}, *leaves], pairs


@pytest.mark.real_data
def test_all_published_nber_values_are_met(shared_data: Path) -> None:
    with (shared_data / "patents" / "nber_examples" / "partition_check.csv").open() as lines:
        published = list(csv.DictReader(lines))
    assert len(published) == 27
    patents: list[dict[str, Any]] = []
    pairs: list[Any] = []
    for row in published:
        class_counts = [int(count) for count in row["example_class_counts"].split("+")]
        formula = generality if row["field"] == "GENERAL" else originality
        value = float(row["published_value"])
        assert sum(class_counts) == int(row["n_citations"])
        assert formula(class_counts) == pytest.approx(value, abs=0.5e-4 + 1e-9), row["patent"]
        more, edges_of_it = _star(row["patent"], class_counts, forward=row["field"] == "GENERAL")
        patents += more
        pairs += edges_of_it
    found = rows(measure(facts(*patents), edges(*pairs)))
    for row in published:
        column = {"GENERAL": "generality", "ORIGINAL": "originality"}[row["field"]]
        assert found[row["patent"]][column] == pytest.approx(float(row["published_value"]), abs=0.5e-4 + 1e-9)


def test_a_citation_counts_once_however_many_classes_its_patent_has() -> None:
    patents = facts({"id": "a"}, {"id": "b", "classes": ["A01B", "A01C"]}, {"id": "c", "classes": ["A01B"]})
    found = rows(measure(patents, edges(("a", "b"), ("a", "c"))))["a"]
    assert found["originality"] == pytest.approx(1 - (0.75**2 + 0.25**2))
    assert found["originality_corrected"] == pytest.approx((1 - (0.75**2 + 0.25**2)) * 2)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    count = draw(st.integers(2, 8))
    classes = st.lists(st.sampled_from(["A01B", "B60L", "G06F", "H04L"]), max_size=3, unique=True)
    patents = [
        {
            "id": f"p{number}",
            "classes": draw(classes),
            "known_from": draw(st.none() | st.dates(date(2000, 1, 1), date(2012, 1, 1))),
        }
        for number in range(count)
    ]
    numbers = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), unique=True))
    return patents, [(f"p{citing}", f"p{cited}") for citing, cited in pairs]


@settings(max_examples=40)
@given(_graphs())
def test_whole_columns_agree_with_the_formula_patent_by_patent(graph: Any) -> None:
    patents, pairs = graph
    classes = {patent["id"]: patent["classes"] for patent in patents}
    found = rows(measure(facts(*patents), edges(*pairs)))
    for patent in patents:
        for column, formula, at, through in (("originality", originality, 0, 1), ("generality", generality, 1, 0)):
            weights: Counter[str] = Counter()
            for pair in pairs:
                if pair[at] == patent["id"]:
                    for name in classes[pair[through]]:
                        weights[name] += 1 / len(classes[pair[through]])
            for suffix, corrected in (("", False), ("_corrected", True)):
                expected = formula(list(weights.values()), corrected=corrected)
                value = found[patent["id"]][column + suffix]
                if math.isnan(expected) or (corrected and round(sum(weights.values()), 6) <= 1):
                    assert value is None
                else:
                    assert value == pytest.approx(expected, abs=1e-9)


# --- citations received ---------------------------------------------------------------------------------------------


@pytest.mark.real_data
def test_windows_of_three_and_five_years_match_the_published_fixture(shared_data: Path) -> None:
    folder = shared_data / "patents" / "raw" / "patentsview_tsv_fixture"

    def table(name: str) -> list[dict[str, str]]:
        with (folder / name).open() as lines:
            return list(csv.DictReader(lines, delimiter="\t"))

    patents = [
        {
            "id": row["id"],
            "known_from": date.fromisoformat(row["date"]),
            "publication_date": date.fromisoformat(row["date"]),
        }
        for row in table("citations__citations__patent.tsv")
    ]
    pairs = [(row["patent_id"], row["citation_id"]) for row in table("citations__citations__uspatentcitation.tsv")]
    found = rows(measure(facts(*patents), edges(*pairs)))
    expected = table("citations__citations__output_sample.tsv")
    assert {row["cited_patent"] for row in expected} == {"B", "C"}
    for row in expected:
        for years in (3, 5):
            printed = row[f"citations_{years}_years"]
            assert found[row["cited_patent"]][f"forward_citations_{years}y"] == (int(printed) if printed else None)


def test_a_window_ends_on_its_last_day() -> None:
    day = date(2000, 2, 29)
    ends = {
        "three": date(2003, 2, 28),
        "after three": date(2003, 3, 1),
        "five": date(2005, 2, 28),
        "after five": date(2005, 3, 1),
        "end": date(2010, 1, 1),
    }
    patents = facts({"id": "cited", "known_from": day}, *({"id": name, "known_from": at} for name, at in ends.items()))
    found = rows(measure(patents, edges(*((name, "cited") for name in ends))))["cited"]
    assert (found["forward_citations_3y"], found["forward_citations_5y"], found["forward_citations"]) == (1, 3, 5)


def test_an_uncited_patent_has_zero_only_where_the_corpus_could_know() -> None:
    patents = facts(
        {"id": "old", "known_from": date(2000, 1, 1)},
        {"id": "cited", "known_from": date(2001, 1, 1)},
        {"id": "citing", "known_from": date(2004, 6, 1)},
        {"id": "later", "known_from": date(2005, 1, 1)},
        {"id": "undated"},
    )
    found = rows(measure(patents, edges(("citing", "cited"))))
    assert [found[name]["forward_citations"] for name in found] == [0, 1, None, None, None]
    assert [found[name]["forward_citations_3y"] for name in found] == [0, 0, None, None, None]
    assert [found[name]["forward_citations_5y"] for name in found] == [None] * 5, "no list of citations is that late"
    nobody = measure(patents, edges())
    assert nobody["forward_citations"].null_count() == nobody.height


def test_publication_days_count_where_both_are_known_and_are_never_mixed_with_filing_days() -> None:
    patents = facts(
        {"id": "cited", "known_from": date(2000, 1, 1), "publication_date": date(2002, 1, 1)},
        {"id": "both", "known_from": date(2001, 1, 1), "publication_date": date(2004, 1, 1)},
        {"id": "filing", "known_from": date(2001, 1, 1)},
    )
    found = rows(measure(patents, edges(("both", "cited"), ("filing", "cited"))))
    assert found["both"]["backward_lag_years"] == pytest.approx(730 / 365.25)
    assert found["filing"]["backward_lag_years"] == pytest.approx(366 / 365.25)
    assert found["cited"]["forward_lag_years"] == pytest.approx((730 + 366) / 2 / 365.25)


def test_nothing_from_the_as_of_day_on_is_looked_at() -> None:
    patents = facts(
        {"id": "a", "known_from": date(2000, 1, 1), "classes": ["A01B"]},
        {"id": "b", "known_from": date(2002, 1, 1), "classes": ["A01B"]},
        {"id": "c", "known_from": date(2004, 1, 1), "classes": ["B60L"]},
        {"id": "d", "classes": ["G06F"]},
    )
    citations = edges(("b", "a"), ("c", "a"), ("d", "a"))
    for as_of, received in ((date(2002, 1, 1), 0), (date(2002, 1, 2), 1), (date(2004, 1, 2), 2)):
        found = rows(measure(patents, citations, as_of=as_of))["a"]
        assert found["forward_citations"] == received
        assert found["generality"] == (None, 0.0, 0.5)[received]
    assert rows(measure(patents, citations))["a"]["forward_citations"] == 3


def test_percentiles_are_within_field_and_year_with_ties_shared() -> None:
    cited = {"a": 0, "b": 1, "c": 1, "d": 5}
    patents = [{"id": name, "known_from": date(2000, 5, 1), "classes": ["G06F", "H04L"]} for name in cited]
    patents += [
        {"id": "other field", "known_from": date(2000, 5, 1), "classes": ["A01B"]},
        {"id": "other year", "known_from": date(2001, 5, 1), "classes": ["G06F"]},
        {"id": "no field", "known_from": date(2000, 5, 1)},
    ]
    citing = [{"id": f"x{number}", "known_from": date(2010, 1, 1)} for number in range(5)]
    pairs = [(f"x{number}", name) for name, count in cited.items() for number in range(count)]
    found = rows(measure(facts(*patents, *citing), edges(*pairs)))
    within = {name: row["citations_field_year_percentile"] for name, row in found.items()}
    assert [within[name] for name in cited] == [12.5, 50.0, 50.0, 87.5]
    assert (within["other field"], within["other year"], within["no field"]) == (50.0, 50.0, None)
    assert within["x0"] is None, "citations unknown, so no rank"
    by_year = {name: row["citations_year_percentile"] for name, row in found.items()}
    assert by_year["d"] == pytest.approx(100 * 5.5 / 6)
    assert by_year["a"] == by_year["no field"] == pytest.approx(100 * 1.5 / 6)


def test_counts_of_a_patent_by_itself() -> None:
    patents = facts(
        {"id": "a", "classes": ["A01B", "A01C"], "claims": 7, "literature": 2, "family": "f"},
        {"id": "b", "family": "f"},
        {"id": "c"},
    )
    found = rows(measure(patents, edges(("a", None), ("a", "c"), (None, "a"))))
    assert [found["a"][name] for name in ("scope", "claims", "literature_citations", "family_size", "field")] == [
        2, 7, 2, 2, "A01B",
    ]  # fmt: skip
    assert (found["a"]["backward_citations"], found["a"]["forward_citations"]) == (2, 1)
    unknown = ("scope", "claims", "literature_citations", "family_size", "backward_citations", "originality")
    assert [found["c"][name] for name in unknown] == [None] * 6


# --- over a corpus --------------------------------------------------------------------------------------------------


def test_cited_numbers_lead_to_patents_with_and_without_kind_codes(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    records = [
        {"id": "US7000001B2", "title": "a", "filed": "2001-01-01", "application_number": "US09000001"},
        {"id": "US20010000001A1", "title": "a", "filed": "2001-01-01", "application_number": "US09000001"},
        {"id": "US7000002", "title": "b", "filed": "2002-01-01"},
        {
            "id": "US7000003B1",
            "title": "c",
            "filed": "2003-01-01",
            "cites": ["US7000001", "US20010000001A1", "US7000002B2", "US7000003B1", "EP1A1"],
        },
    ]
    source.write_text("\n".join(map(json.dumps, records)))
    table = tmp_path / "family.csv"
    table.write_text("citing,cited,kind\nUS7000002,US7000001,family\nUS7000003,US7000002,intext\n")
    import_paths(tmp_path / "corpus", [source, table])
    corpus = Corpus(tmp_path / "corpus")
    found = resolved_citations(corpus).select("citing_id", "cited_id", "cited").rows()
    assert {(citing, cited or number) for citing, cited, number in found} == {
        ("US7000003B1", "US7000001B2"),
        ("US7000003B1", "US7000002"),
        ("US7000003B1", "EP0000001A1"),
    }
    assert len(found) == 3, "no pair twice, no patent citing itself, no family reference"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("demo") / "corpus"
    import_paths(folder, [demo_corpus.SHIPPED])
    return Corpus(folder)


def test_the_demo_corpus_is_measured_whole(demo: Corpus) -> None:
    seen: list[tuple[int, int | None, str]] = []
    report = compute_measures(demo, progress=lambda *step: seen.append(step))
    found = pl.read_parquet(report.file)
    assert report.file == demo.directory / "measures" / "patents.parquet"
    assert dict(found.schema) == {name: kind for name, (kind, _) in MEASURES.items()}
    assert found["id"].to_list() == demo.patents().select("id").collect()["id"].to_list()
    assert report.patents == found.height == len(demo) and report.resolved == report.citations > 1_000
    assert report.defined["originality"] == found.height - found["originality"].null_count() > 500
    for name in ("originality", "generality"):
        assert found[name].drop_nulls().is_between(0, 1).all()
        bare, corrected = found[name], found[f"{name}_corrected"]
        assert (corrected.is_null() | (corrected >= bare - 1e-12)).all()
    short, long, whole = (found[f"forward_citations{window}"] for window in ("_3y", "_5y", ""))
    assert ((short <= long) | long.is_null()).all() and (long <= whole).drop_nulls().all()
    assert found["citations_field_year_percentile"].drop_nulls().is_between(0, 100, closed="none").all()
    assert seen[-1][0] == seen[-1][1] and [step[0] for step in seen] == sorted(step[0] for step in seen)
    about = json.loads((demo.directory / "measures" / "patents.json").read_text())
    assert about["corpus_version"] == demo.version


def test_measuring_twice_gives_the_same_bytes(demo: Corpus) -> None:
    first = compute_measures(demo).file.read_bytes()
    assert compute_measures(demo).file.read_bytes() == first


@settings(max_examples=20)
@given(_graphs(), st.integers(0, 4_000))
def test_a_day_of_reference_gives_what_the_corpus_of_that_day_gave(graph: Any, days: int) -> None:
    patents, pairs = graph
    as_of = date(2000, 1, 1) + timedelta(days=days)
    earlier = {patent["id"] for patent in patents if patent["known_from"] and patent["known_from"] < as_of}
    later = rows(measure(facts(*patents), edges(*pairs), as_of=as_of))
    then_patents = facts(*(patent for patent in patents if patent["id"] in earlier))
    then_pairs = edges(*(pair for pair in pairs if pair[0] in earlier and pair[1] in earlier))
    then = rows(measure(then_patents, then_pairs, as_of=as_of))
    for name in earlier:
        for column in ("generality", "forward_citations", "forward_citations_3y", "forward_citations_5y"):
            assert later[name][column] == then[name][column]
