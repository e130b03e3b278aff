"""The shipped demo corpus: made up, labelled so, regenerated to the byte, and shaped like a real corpus."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict

import pytest

from ktop.domain.patent.document import Patent, normalise_class, normalise_publication_number
from ktop.patents.readers.synthetic import SOURCE, as_patent
from ktop.training.demo_corpus import SHIPPED, shipped_lines
from ktop.training.demo_corpus.generate import OFFICE, generate


@pytest.fixture(scope="module")
def patents() -> list[Patent]:
    return [as_patent(json.loads(line)) for line in shipped_lines()]


@pytest.fixture(scope="module")
def lines() -> list[dict]:
    return [json.loads(line) for line in shipped_lines()]


def test_shipped_file_is_what_the_vocabularies_generate() -> None:
    generated = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in generate()]
    assert generated == shipped_lines()


def test_file_stays_small() -> None:
    assert SHIPPED.stat().st_size <= 1_000_000


def test_every_record_says_that_it_is_made_up(patents: list[Patent], lines: list[dict]) -> None:
    assert all(patent.id.startswith(OFFICE) and patent.source == SOURCE for patent in patents)
    assert all("synthetic" in (patent.status or "") for patent in patents)
    assert all(line["synthetic"] is True for line in lines)
    assert all("가상" in name or "fictitious" in name for patent in patents for name in patent.applicants)
    assert not any(patent.inventors for patent in patents)


def test_numbers_and_classes_are_in_their_one_written_form(patents: list[Patent]) -> None:
    assert len({patent.id for patent in patents}) == len(patents)
    assert all(normalise_publication_number(patent.id) == patent.id for patent in patents)
    assert all(normalise_class(symbol) == symbol for patent in patents for symbol in patent.ipc)


def test_languages_fields_and_years_are_covered(patents: list[Patent]) -> None:
    languages = Counter(patent.language for patent in patents)
    assert 4_500 <= len(patents) <= 5_500
    assert 0.4 <= languages["ko"] / len(patents) <= 0.6
    assert {symbol[0] for patent in patents for symbol in patent.ipc} == set("ABCDEFGH")
    assert len({name for patent in patents for name in patent.subclasses}) >= 40
    years = [patent.filing_date.year for patent in patents if patent.filing_date]
    assert (min(years), max(years)) <= (2005, 2025) and len(set(years)) >= 20


def test_abstracts_have_the_length_of_real_ones_and_none_repeats(patents: list[Patent]) -> None:
    words = {
        lang: [len(p.abstract.split()) for p in patents if p.language == lang and p.abstract] for lang in ("ko", "en")
    }
    assert min(words["en"]) >= 55 and max(words["en"]) <= 170
    assert min(words["ko"]) >= 45 and max(words["ko"]) <= 150
    assert len({patent.abstract for patent in patents}) == len(patents)


def test_texts_have_no_unfilled_places_and_no_foreign_particles(patents: list[Patent]) -> None:
    for patent in patents:
        text = f"{patent.title} {patent.abstract}"
        assert not re.search(r"[{}|#*~@]", text), patent.id
        assert "  " not in text, patent.id
        if patent.language == "ko":
            assert not re.search(r"(장치|조성물의 제조|센서|서버)[은을이과]\b", text), patent.id
            assert not re.search(r"(방법|시스템|조성물|모델)[는를가와]\b", text), patent.id
        else:
            assert not re.search(r"[가-힣]", text), patent.id
            assert not re.search(r"\b[Aa] [aeio](?!ne\b)", text), patent.id


def test_citations_point_to_earlier_demo_patents_and_few_get_many(patents: list[Patent]) -> None:
    filed = {patent.id: patent.filing_date for patent in patents}
    cited = Counter()
    for patent in patents:
        for citation in patent.cited_patents:
            assert filed[citation.number] < patent.filing_date
            cited[citation.number] += 1
    top_tenth = sum(count for _, count in cited.most_common(len(patents) // 10))
    assert top_tenth > 0.35 * sum(cited.values())


def test_families_tie_two_languages(patents: list[Patent]) -> None:
    families = defaultdict(list)
    for patent in patents:
        families[patent.family].append(patent)
    pairs = [members for members in families.values() if len(members) == 2]
    assert len(pairs) >= 200
    assert all({member.language for member in pair} == {"ko", "en"} for pair in pairs)
    assert all(len({member.ipc for member in pair}) == 1 for pair in pairs)


def test_growth_differs_between_themes_and_new_words_appear(lines: list[dict]) -> None:
    late = defaultdict(Counter)
    for line in lines:
        late[line["theme"]][int(line["filed"][:4]) >= 2015] += 1
    share = {theme: counts[True] / counts.total() for theme, counts in late.items()}
    assert len(share) >= 30
    assert share["medical_imaging"] > 0.75 and share["combustion_engines"] < 0.35
    first = min(line["filed"] for line in lines if "양자 내성 암호" in line["abstract"])
    assert first >= "2018"
