"""What an applicant's earlier patents foresee, read from a corpus as of a day."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError
from ktop.patents.corpus.corpus import Corpus
from ktop.usecases.technologies.prospects import prospects_block, prospects_with
from ktop.usecases.training.originality_data import applicant_key, later_citations

DAY = date(2022, 1, 1)


def test_an_applicant_is_foreseen_from_what_was_known_on_the_day(demo_corpus: Path) -> None:
    corpus = Corpus.open(demo_corpus)
    with corpus.reading():
        rows = corpus.patents().select("id", "applicants", "known_from").drop_nulls("known_from").collect()
    earlier = [row for row in rows.iter_rows(named=True) if row["known_from"] < DAY]
    name, most = Counter(row["applicants"][0] for row in earlier if row["applicants"]).most_common(1)[0]
    citing = later_citations(corpus)
    known = (DAY - date(1970, 1, 1)).days
    cited = {row["id"] for row in earlier if any(day < known for day in citing.get(row["id"], []))}
    assert cited, "the demo corpus has citations"
    found = prospects_with(demo_corpus, f"  {name.upper()}, Ltd.", DAY)
    assert found is not None
    assert found.history.all_patents == len(earlier) and found.history.all_cited == len(cited)
    mine = [
        row["id"] for row in earlier if row["applicants"] and applicant_key(row["applicants"]) == applicant_key([name])
    ]
    assert found.history.patents == len(mine) >= most
    assert found.history.cited == len(cited & set(mine))
    before = prospects_with(demo_corpus, name, date(2018, 1, 1))
    assert before is None or before.history.patents < found.history.patents


def test_a_new_applicant_has_no_forecast(demo_corpus: Path) -> None:
    assert prospects_with(demo_corpus, "Nobody Knows Us", DAY) is None
    assert prospects_with(demo_corpus, "주식회사", DAY) is None, "a legal form is no name"


def test_the_block_says_what_it_rests_on_and_what_it_was_worth(demo_corpus: Path) -> None:
    corpus = Corpus.open(demo_corpus)
    with corpus.reading():
        names = [row[0] for row in corpus.patents().select("applicants").collect()["applicants"].to_list() if row]
    name = Counter(names).most_common(1)[0][0]
    block = prospects_block(demo_corpus, f" {name} ", DAY)
    found = prospects_with(demo_corpus, name, DAY)
    assert found is not None and block["applicant"] == name and block["reason"] is None
    assert block["forecast"] == {key: getattr(found, key) for key in ("share", "low", "high", "usual", "ratio")}
    assert block["history"]["patents"] == found.history.patents
    assert block["validation"]["outcomes"][0]["auc"] < 0.8, "what it was worth stands beside it"
    for lang in ("ko", "en"):
        assert name in block["text"][lang] and f"{100 * found.share:.2f}" in block["text"][lang]
    stranger = prospects_block(demo_corpus, "Nobody Knows Us", DAY)
    assert stranger["forecast"] is None and stranger["reason"] == "new_applicant"
    assert prospects_block(demo_corpus, name, date(1990, 1, 1))["forecast"] is None
    for nobody in ("", "  ", "주식회사", "x" * 201):
        with pytest.raises(InputError) as caught:
            prospects_block(demo_corpus, nobody, DAY)
        assert caught.value.key == "prospects.no_name"
