"""Claims: how many stand and which is the first, whatever language and numbering they are printed in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ktop.patents.readers.claims import CANCELLED, counted_claims, live_claims, separate_claims, split_claims

from .reading import completions, patents


@pytest.mark.parametrize(
    "printed",
    [
        "1.-18. (canceled)", "1. - 5. (Cancelled)", "1-3, 5. (canceled)", "1-7. (canceled)", "2. (canceled)",
        "1 to 5 (canceled)", "Claims 1-20 (canceled)", "1-5 and 7. (cancelled without prejudice)",
        "1\u201320. Canceled.",
        "1. [Canceled]", "(canceled)", "1.-3. (not entered)", "6. (deleted)", "삭제", "청구항 1 삭제", 
        "[청구항 3] 삭제",
        "1-3.(删除)", "4. (削除)", "2. (gestrichen)", "1. to 4. (canceled)",
    ],
)  # fmt: skip
def test_cancelled_claims_are_told_in_every_form(printed: str) -> None:
    assert CANCELLED.search(printed)


@pytest.mark.parametrize(
    "printed",
    [
        "1. Cancelled check reader comprising a lens.", "1. A device for canceling noise.", "1. Canceling device.",
        "3. Deleted file recovery method comprising a step.", "삭제 장치를 포함하는 기록 장치.",
        "1. 취소 버튼을 가지는 리모컨.",
        "12. Void space filler comprising foam.", "1. The 18 cancelled stamps of claim 3, wherein",
    ],
)  # fmt: skip
def test_claims_about_cancelling_stand(printed: str) -> None:
    assert not CANCELLED.search(printed)


US = """<?xml version="1.0" encoding="UTF-8"?>
<us-patent-application lang="EN"><us-bibliographic-data-application><publication-reference><document-id>
<country>US</country><doc-number>20180000001</doc-number><kind>A1</kind><date>20180104</date></document-id>
</publication-reference><invention-title>Tide mill</invention-title></us-bibliographic-data-application>
<claims>{}</claims></us-patent-application>
"""


@pytest.mark.parametrize(
    ("claims", "count", "first"),
    [
        (["1.-9. (canceled)", "10. A mill.", "11. The mill of claim 10."], 2, "10. A mill."),
        (["1-4, 6. (canceled)", "5. A wheel."], 1, "5. A wheel."),
        (["1. A gate.", "2. (canceled)", "3. The gate of claim 1."], 2, "1. A gate."),
        (["1-20. (canceled)"], None, None),
    ],
)
def test_uspto_applications_count_what_stands(
    tmp_path: Path, claims: list[str], count: int | None, first: str | None
) -> None:
    printed = "".join(f"<claim><claim-text>{text}</claim-text></claim>" for text in claims)
    (tmp_path / "a.xml").write_text(US.format(printed))
    (patent,) = patents(tmp_path).values()
    assert (patent.claims_count, patent.first_claim) == (count, first)


@pytest.mark.parametrize(
    ("text", "count", "first"),
    [
        ("1.一种窑门,其特征在于包括门板。\n2.根据权利要求1所述的窑门,厚2.5毫米。\n3.根据权利要求2所述的窑门。", 3,
         "1.一种窑门,其特征在于包括门板。"),
        ("1.一种窑门,包括门板。2.根据权利要求1所述的窑门,厚2.5毫米。3.如权利要求2所述的窑门。", 3,
         "1.一种窑门,包括门板。"),
        ("1、一种灯。\n2、如权利要求1所述的灯。", 2, "1、一种灯。"),
        ("【請求項１】扉を備える窯。【請求項２】請求項１に記載の窯。【請求項３】請求項１または２に記載の窯。", 3,
         "【請求項1】扉を備える窯。"),
        ("【청구항 1】 문을 포함하는 가마.【청구항 2】 제1항에 있어서, 문은 이중인 가마.", 2,
         "【청구항 1】 문을 포함하는 가마."),
        ("청구항 1\n문을 포함하는 가마.\n청구항 2\n청구항 1에 있어서, 문은 이중인 가마.", 2,
         "청구항 1 문을 포함하는 가마."),
        ("1. Lampe mit Fuß. 2. Lampe nach Anspruch 1, 2.5 mm hoch. 3. Lampe nach Anspruch 2.", 3, "1. Lampe mit Fuß."),
        ("What is claimed is:\n 1. A lamp comprising:\n 1. a base;\n 2. a bulb.\n 2. The lamp of claim 1.", 2,
         "1. A lamp comprising: 1. a base; 2. a bulb."),
        ("1-18. (canceled)\n19. A lamp.\n20. The lamp of claim 19.", 2, "19. A lamp."),
        ("1.-3. (canceled) 4. A lamp. 5. The lamp of claim 4.", 2, "4. A lamp."),
        ("1. A method comprising 1) heating; 2) cooling; and 3) drying.", 1,
         "1. A method comprising 1) heating; 2) cooling; and 3) drying."),
        ("A lamp, one text. The lamp of claim 1, too.", None, "A lamp, one text. The lamp of claim 1, too."),
        ("一种灯。根据权利要求1所述的灯。", None, "一种灯。根据权利要求1所述的灯。"),
        ("Lampe mit Fuß. Lampe nach Anspruch 1.", None, "Lampe mit Fuß. Lampe nach Anspruch 1."),
    ],
)  # fmt: skip
def test_claims_of_one_text_are_counted_in_every_language(text: str, count: int | None, first: str) -> None:
    claims = live_claims(split_claims(text))
    assert (counted_claims(claims), claims[0]) == (count, first)


def test_a_hundred_claims_in_one_text_are_a_hundred() -> None:
    text = " ".join(f"{n}. The lamp of claim {max(n - 1, 1)}, {n}.5 mm wide." for n in range(1, 101))
    assert len(split_claims(text)) == 100
    assert len(split_claims(text.replace(" mm wide. ", " mm wide.\n"))) == 100


def test_one_entry_may_hold_all_claims_and_several_entries_are_one_each() -> None:
    assert separate_claims(["1. A lamp.\n2. The lamp of claim 1."]) == ["1. A lamp.", "2. The lamp of claim 1."]
    assert separate_claims(["A lamp.", "A cable, 1. and 2. class."]) == ["A lamp.", "A cable, 1. and 2. class."]


OPS = """<?xml version="1.0"?><ops:world-patent-data xmlns:ops="o"><ftxt:fulltext-documents xmlns:ftxt="f">
<ftxt:fulltext-document><bibliographic-data><publication-reference><document-id document-id-type="docdb">
<country>EP</country><doc-number>7000001</doc-number><kind>B1</kind></document-id></publication-reference>
</bibliographic-data><claims lang="EN">{}</claims></ftxt:fulltext-document></ftxt:fulltext-documents>
</ops:world-patent-data>"""


def test_parts_of_a_claim_are_no_claims(tmp_path: Path) -> None:
    """A service gives each claim as a text of one element, or each claim as an element with its parts as texts."""
    one_element = "<claim><claim-text>1. A kite with:</claim-text><claim-text>a spar; and</claim-text>"
    one_element += "<claim-text>a sail.</claim-text><claim-text>2. The kite of claim 1.</claim-text></claim>"
    elements = "<claim><claim-text>1. A kite with:</claim-text><claim-text>a spar; and</claim-text></claim>"
    elements += "<claim><claim-text>2. The kite of claim 1.</claim-text></claim>"
    for claims, first in (
        (one_element, "1. A kite with: a spar; and a sail."),
        (elements, "1. A kite with: a spar; and"),
    ):
        (tmp_path / "a.xml").write_text(OPS.format(claims))
        (found,) = completions(tmp_path)
        assert (found.values["claims_count"], found.values["first_claim"]) == (2, first)


def test_bigquery_and_lens_count_claims_of_languages_that_are_not_kept(tmp_path: Path) -> None:
    record = {
        "publication_number": "CN-104000777-A", "title_localized": [{"text": "Kiln door", "language": "en"}],
        "claims_localized": [{"text": "1.一种窑门。2.根据权利要求1所述的窑门。", "language": "zh"}],
    }  # fmt: skip
    (tmp_path / "b.jsonl").write_text(json.dumps(record) + "\n")
    (patent,) = patents(tmp_path).values()
    assert (patent.claims_count, patent.first_claim) == (2, None)
    lens = {
        "lens_id": "1", "jurisdiction": "EP", "doc_number": "7000002", "kind": "B1",
        "publication_type": "GRANTED_PATENT",
        "biblio": {"invention_title": [{"text": "Kiln", "lang": "EN"}]},
        "claims": [{"lang": "DE", "claims": [{"claim_text": ["1. Ofen."]}]},
                   {"lang": "EN", "claims": [{"claim_text": ["1. A kiln.", "2. The kiln of claim 1."]}]}],
        "description": {"text": "Kilns.", "lang": "EN"},
    }  # fmt: skip
    (tmp_path / "b.jsonl").write_text(json.dumps(lens) + "\n")
    (patent,) = patents(tmp_path).values()
    assert (patent.claims_count, patent.first_claim, patent.description) == (2, "1. A kiln.", "Kilns.")
