"""Characters in their plain form: what is searched and compared is the same, however it was typed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.readers.plain_text import plain_text

from .reading import patents


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("ＬＥＤ　조명（장치）；１２", "LED 조명(장치);12"),
        (unicodedata.normalize("NFD", "압력 조절 밸브"), "압력 조절 밸브"),
        ("ﾎﾟﾝﾌﾟ", "ポンプ"), ("𝐱 + 𝑦 𝟙𝟚 ℝ ℎ", "x + y 12 R h"), ("ﬁlm oﬀset", "film offset"), ("￦1,000", "₩1,000"),
        ("Caf{acute over (e)} na{umlaut over (i)}ve", "Café naïve"), ("jalape{tilde over(n)}o", "jalapeño"),
        ("Andr{acute (e)} p{umlaut(u)}ree", "André püree"), ("{ACUTE OVER (E)}COLE", "ÉCOLE"),
        ("{hacek over (S)}koda, {haeck over (c)}", "Škoda, č"), ("Fran{cedilla over (c)}ois", "François"),
        ("{ring over (A)}ngstr{umlaut over (o)}m", "Ångström"), ("K{slash over (o)}ge, {stroke (L)}odz", "Køge, Łodz"),
        ("{circumflex over (θ)}", "θ\u0302"), ("{acute over ({circumflex over (a)})}", "ấ"), ("{dot over (x)}", "ẋ"),
        ("{tilde under (x)}", "x\u0330"), ("{cedilla under (s)}", "ş"), ("{double acute over (o)}", "ő"),
        ("{overscore (x)}", "x\u0305"), ("soft\u00adware zero\u200bwidth", "software zerowidth"),
    ],
)  # fmt: skip
def test_each_form_is_written_plainly(printed: str, plain: str) -> None:
    assert plain_text(printed) == plain


@pytest.mark.parametrize(
    "printed",
    [
        "x² and CO₂, ½ of ①", "{square root over (n)} and {square root over (n+1)}", "{nothing over (e)}", "5 ㎏",
        "a ＜ b", "set {a (b)} of", "café", "{acute over (ab)}", "{}", "",
    ],
)  # fmt: skip
def test_what_would_change_its_meaning_stays(printed: str) -> None:
    assert plain_text(printed) == printed


@given(st.text())
def test_plain_text_is_left_as_it_is(printed: str) -> None:
    assert plain_text(plain_text(plain_text(printed))) == plain_text(plain_text(printed))


US = (
    "<us-patent-grant><us-bibliographic-data-grant><publication-reference><document-id><country>US</country>"
    "<doc-number>7000011</doc-number><kind>B2</kind><date>20060105</date></document-id></publication-reference>"
    "<invention-title>Cr{{grave over (e)}}me <i>{}</i> mixer</invention-title><parties><inventors><inventor>"
    "<addressbook><last-name>Doe</last-name><first-name>Ren{{acute over (<i>e</i>)}}</first-name></addressbook>"
    "</inventor></inventors></parties></us-bibliographic-data-grant></us-patent-grant>"
)


def test_every_reader_writes_texts_and_names_plainly(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(US.format("ＬＥＤ"), encoding="utf-8")
    (tmp_path / "b.csv").write_text(
        f"등록번호,발명의명칭,요약\n１０－０１２３４５６,ＬＥＤ 등,{unicodedata.normalize('NFD', '등이다.')}\n",
        encoding="utf-8",
    )
    google = {"publication_number": "FR-2000001-A1", "title_localized": [{"text": "ＬＥＤ", "language": "en"}]}
    own = {"id": "US7000012B2", "title": "Caf{acute over (e)} 𝐋amp", "inventors": ["Ren{acute over (e)}"]}
    (tmp_path / "c.jsonl").write_text(json.dumps(google) + "\n")
    (tmp_path / "d.jsonl").write_text(json.dumps(own) + "\n")
    found = patents(tmp_path)
    us = found["US7000011B2"]
    assert (us.title, us.inventors) == ("Crème LED mixer", ("René Doe",))
    kr = found["KR100123456B1"]
    assert (kr.title, kr.abstract, kr.language) == ("LED 등", "등이다.", "ko")
    assert found["FR2000001A1"].title == "LED"
    assert (found["US7000012B2"].title, found["US7000012B2"].inventors) == ("Café Lamp", ("René",))


def test_nfd_and_full_width_texts_are_found_by_a_search(tmp_path: Path) -> None:
    from ktop.patents.corpus.importing import import_paths
    from ktop.patents.engine.index import PatentIndex
    from ktop.patents.engine.indexing import build_index

    (tmp_path / "t.csv").write_text(
        "등록번호,발명의명칭,요약,출원일자\n"
        "10-0123451,ＬＥＤ 조명 장치,ＬＥＤ 방열판을 포함하는 조명 장치에 관한 것이다.,1996-05-02\n"
        + unicodedata.normalize(
            "NFD", "10-0123452,압력 조절 밸브,압력 조절 밸브와 관을 포함하는 장치이다.,1996-05-03\n"
        ),
        encoding="utf-8",
    )
    import_paths(tmp_path / "corpus", [tmp_path / "t.csv"])
    build_index(tmp_path / "corpus")
    index = PatentIndex(tmp_path / "corpus")
    for asked, wanted in (("LED 조명 장치의 방열판", "KR100123451B1"), ("압력 조절 밸브", "KR100123452B1")):
        assert [hit.patent_id for hit in index.search(asked, 1, mode="lexical")] == [wanted]
