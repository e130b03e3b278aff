"""What a technology summary must be before anything analyses it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import LANGS, message
from ktop.domain.technology.summary import (
    MAX_SUMMARY_CHARS,
    Technology,
    clean_text,
    detect_language,
    starts_with_item,
    titled,
)
from ktop.kernel.errors import InputError, TooLargeError

DAY = date(2026, 1, 1)
KOREAN = "휴대용 확대 촬영기와 인공지능을 이용한 자궁경부암 원격 판독 소프트웨어로 병변의 위치와 종류를 알려준다."
ENGLISH = "A portable camera and software that read images of the cervix and report the place and kind of lesions."


@pytest.mark.parametrize(("text", "language"), [(KOREAN, "ko"), (ENGLISH, "en")])
def test_a_summary_is_taken(text: str, language: str) -> None:
    technology = Technology.from_text(text, DAY)
    assert technology.language == language
    assert technology.text == text
    assert technology.as_of == DAY


@pytest.mark.parametrize(
    "text",
    ["AI reads cervical cancer images", "인공지능 자궁경부암 원격 판독 소프트웨어"],
)
def test_too_little_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Technology.from_text(text, DAY)
    assert refused.value.key == "patents.summary_too_short"
    for lang in LANGS:
        assert str(refused.value.params["minimum"]) in message(refused.value, lang)


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("camera " * 40, "patents.summary_one_word", ["camera", "40"]),
        ("카메라 " * 40, "patents.summary_one_word", ["카메라", "40"]),
        ("camera lens " * 40, "patents.summary_repeats", ["2", "80"]),
        ("카메라 렌즈 조명 " * 10, "patents.summary_repeats", ["3", "30"]),
    ],
)
def test_words_over_and_over_are_told_as_such(text: str, key: str, told: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        Technology.from_text(text, DAY)
    assert refused.value.key == key
    for lang in LANGS:
        assert all(part in message(refused.value, lang) for part in told)
        assert "짧" not in message(refused.value, lang) and "short" not in message(refused.value, lang)


@pytest.mark.parametrize("text", ["", " \n\t ", "<p></p>", "!!! ??? ...", "\u200b\u200b"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Technology.from_text(text, DAY)
    assert refused.value.key == "patents.summary_empty"


@pytest.mark.parametrize(
    "text",
    [
        "本発明は画像処理装置に関するものであり、カメラで撮影した画像から病変の位置を検出する方法を提供する。" * 3,
        "Die Erfindung betrifft ein Verfahren zum Erkennen von Krebs mit einer Kamera, das durch die Bilder lernt.",
        "Le procédé permet de mesurer la température dans une chambre avec des capteurs et une unité pour le calcul.",
        "Изобретение относится к способу обнаружения опухолей на изображениях с помощью нейронной сети и камеры.",
    ],
)
def test_other_languages_are_refused(text: str) -> None:
    words = " ".join([text] * 2)
    with pytest.raises(InputError) as refused:
        Technology.from_text(words, DAY)
    assert refused.value.key == "patents.summary_language"


def test_too_much_is_refused_before_analysis() -> None:
    with pytest.raises(TooLargeError) as refused:
        Technology.from_text("a" * (MAX_SUMMARY_CHARS + 1), DAY)
    assert refused.value.http_status == 413
    with pytest.raises(TooLargeError):
        Technology.from_text("자궁경부암 " * 2_000_000, DAY)
    with pytest.raises(TooLargeError):
        Technology.from_text(KOREAN, DAY, title="제목" * 1_000)


def test_mark_up_and_control_characters_are_taken_out() -> None:
    dirty = f"<script>alert('x')</script><b>{ENGLISH}</b>\x00\x07 &amp; more\u200b"
    assert clean_text(dirty) == f"{ENGLISH} & more"
    assert clean_text("x < 3 and y > 4") == "x < 3 and y > 4"
    assert clean_text("\u1112\u1161\u11ab\u1100\u1173\u11af") == "한글", "decomposed Hangul is composed"


@given(st.text(max_size=300))
def test_cleaning_is_stable(text: str) -> None:
    once = clean_text(text)
    assert "\x00" not in once
    assert once == once.strip()
    assert detect_language(once) in ("ko", "en", None)


@pytest.mark.parametrize("day", [date.min, date(1799, 12, 31), date(2200, 1, 1), date.max])
def test_days_far_from_any_patent_are_refused(day: date) -> None:
    with pytest.raises(InputError) as refused:
        Technology.from_text("A film with particles that shows moisture by a change of its own colour.", day)
    assert refused.value.key == "patents.day_out_of_range"


def test_addresses_are_no_part_of_a_technology() -> None:
    links = " https://example.com/a?b=c http://patents.example.org/US1 www.example.net/x mailto:a@b.c d.e@example.org"
    assert Technology.from_text(ENGLISH + links, DAY).text == ENGLISH
    with pytest.raises(InputError) as refused:
        Technology.from_text(links, DAY)
    assert refused.value.key == "patents.summary_empty"


def test_orders_to_a_terminal_leave_nothing_behind() -> None:
    assert Technology.from_text(ENGLISH.replace("camera", "\x1b[31mcamera\x1b[0m"), DAY).text == ENGLISH


@pytest.mark.parametrize("mark", ["- ", "• ", "* ", "1) ", "(2) ", "3. ", "가. "])
def test_items_of_a_list_are_sentences_of_their_own(mark: str) -> None:
    lines = ["A portable camera reads images", "software reports the place of lesions", "a nurse is told at once."]
    text = "\n".join(mark + line for line in lines)
    assert Technology.from_text(text, DAY).text == (
        "A portable camera reads images. software reports the place of lesions. a nurse is told at once."
    )
    assert starts_with_item(text) and not starts_with_item("\n".join(lines))


def test_a_dash_or_a_measure_within_a_line_stays() -> None:
    text = (
        "A lens - 3.5 mm thick - images cells at 20 x; minus 5 - or less - degrees suffice for the sample.\n-5 degrees."
    )
    assert Technology.from_text(text, DAY).text == text.replace("\n", " ")


def test_a_title_is_the_first_line_of_what_is_rated_once() -> None:
    assert titled("", "글이다.") == titled(None, "글이다.") == titled(" . ", "글이다.") == "글이다."
    assert titled("  수분 감지\n필름. ", " 글이다.\n") == "수분 감지 필름\n글이다."
    assert titled("필름", "필름\n글이다.") == "필름\n글이다.", "not twice"
