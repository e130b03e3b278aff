"""No text of a report leaves its page, its box or runs into another, however long or short what it shows is."""

from __future__ import annotations

import copy
from typing import Any

import invented
import pytest
from extents import Extent, extents

from ktop.catalogue import Lang
from ktop.report.pdf import Seal, report

_MARGIN = 56.7  # 20 mm
_HANGS = 4.0  # a comma or full stop at the end of a line may hang over
_LONG_NAMES = {
    "ko": "주식회사 " + "대한민국첨단융합기술사업화연구개발종합지원센터" * 3,
    "en": "TheVeryLongCompanyNameWithoutAnySpaceInItWhateverYouDo" * 3 + " (invented) Co., Ltd.",
}
_HANJA = "大韓民國尖端融合技術事業化硏究開發綜合支援中心株式會社"
_SEAL = Seal(
    "https://rating.institution-with-a-long-name.example.org/verify/" + "0192f1c27b3e7e629c1a" * 2, "r.json", b"{}"
)


def _company(name: str) -> list[dict[str, Any]]:
    subject = {"name": name, "name_en": name, "industry_group": "machinery"}
    ratings = [invented.tech_index(subject=subject), invented.ktrs_fm(subject=subject)]
    ratings[1]["details"]["guarantee"] = _conditional(ratings[1]["details"].get("guarantee"))
    for step in ratings[1]["next_steps"]:
        step["text"] = {lang: f"{words} {_HANJA} {_LONG_NAMES['en']}" for lang, words in step["text"].items()}
    return ratings


def _conditional(decision: Any) -> Any:
    return decision if decision is None else {**decision, "status": "conditional"}


def _technology(patents: int, name: str) -> dict[str, Any]:
    rating = invented.originality(subject={"title": name})
    example = rating["details"]["neighbours"][0]
    rating["details"]["neighbours"] = [
        {**copy.deepcopy(example), "patent_id": f"KR1020{i:09d}A", "title": f"{name} {i}", "applicants": [name, _HANJA]}
        for i in range(patents)
    ]
    rating["details"]["applicants"] = [{"name": name, "patents": 3}] * min(patents, 8)
    return rating


def _bare(rating: dict[str, Any]) -> dict[str, Any]:
    """Return a rating with everything left out that a model may leave out."""
    bare = {
        **rating,
        "opinions": [],
        "next_steps": [],
        "inputs": [],
        "warnings": [],
        "probabilities": {},
        "details": {},
    }
    return {**bare, "contributions": [], "base": {}, "logits": {}, "position": {}}


@pytest.mark.parametrize(
    ("ratings", "lang", "seal"),
    [
        pytest.param(_company(_LONG_NAMES["ko"]), "ko", _SEAL, id="long Korean name, signed"),
        pytest.param(_company(_LONG_NAMES["en"]), "en", _SEAL, id="long English name, signed"),
        pytest.param([*_company(_HANJA), _technology(200, _HANJA * 3)], "ko", None, id="hanja, 200 patents"),
        pytest.param([_technology(1, _LONG_NAMES["en"])], "en", None, id="one patent"),
        pytest.param([_technology(0, "")], "ko", None, id="no patent"),
        pytest.param([_bare(invented.tech_index()), _bare(invented.originality())], "en", None, id="missing sections"),
    ],
)
def test_texts_stay_in_their_places(ratings: list[dict[str, Any]], lang: Lang, seal: Seal | None) -> None:
    runs, boxes, (width, height) = extents(report(ratings, lang, technology_text="긴 글 " * 300, seal=seal))
    assert len(runs) > 100
    beyond = [run for run in runs if run.left < _MARGIN - 1 or run.right > width - _MARGIN + _HANGS]
    assert not beyond
    assert not [run for run in runs if run.bottom < 20 or run.top > height - 20]
    assert not [(box, run) for box in boxes for run in runs if box.meets(run) and not box.holds(run)]
    assert not _overlaps(runs)


def _overlaps(runs: list[Extent]) -> list[tuple[Extent, Extent]]:
    """Return the pairs of different runs that cover each other; a halo is the same run twice."""
    found = []
    by_page: dict[int, list[Extent]] = {}
    for run in runs:
        by_page.setdefault(run.page, []).append(run)
    for page in by_page.values():
        page.sort(key=lambda run: run.bottom)
        for place, run in enumerate(page):
            for other in page[place + 1 :]:
                if other.bottom >= run.top:
                    break
                if run.meets(other) and not (run.holds(other) and other.holds(run)):
                    found.append((run, other))
    return found
