"""Ordinary words: no jargon that the glossary replaces, no undecided particles, no language in the other's text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import ktop
from ktop import catalogue
from ktop.catalogue import LANGS, load, messages
from ktop.domain.finance.process import process
from ktop.domain.party.consent import State
from ktop.domain.season.call import STEPS
from ktop.domain.work.webhook import ACTIVE, PAUSED
from ktop.web.pages.audit import action_words

HANGUL = re.compile("[가-힣]")
#: Words that users asked about, each with what is said instead (standing alone, so that 기판 and 판단 stay).
REPLACED = {
    r"코퍼스|말뭉치": "특허 자료",
    r"로짓": "로그 오즈",
    r"위험점수": "안전점수",
    r"재지 않음": "측정 전",
    r"(?<![가-힣])판(?![가-힣])|\}판|(?<![가-힣])판(?=(은|이|을|의|에|과|으로)(?![가-힣]))": "버전",
}


def test_korean_texts_use_the_words_of_the_glossary() -> None:
    found = {
        (key, wrong, instead)
        for key, words in messages().items()
        for wrong, instead in REPLACED.items()
        if re.search(wrong, words["ko"])
    }
    assert not found


def test_korean_texts_decide_their_particles() -> None:
    undecided = re.compile(r"은\(는\)|을\(를\)|이\(가\)|와\(과\)|\(으\)로|\(이\)라")
    assert not {key for key, words in messages().items() if undecided.search(words["ko"])}
    after_field = re.compile(r"\{[a-z_]+\}['\"”]?(은|는|이|가|을|를|과|와|으로|이라)(?=[ .,])")
    assert not {key for key, words in messages().items() if after_field.search(words["ko"])}


def texts() -> Iterator[tuple[str, str, str]]:
    """Yield every pair of texts of the whole catalogue with its place: labels and sentences beside the messages."""
    folder = Path(catalogue.__file__).parent
    for path in sorted(folder.rglob("*.yaml")):
        if path.parent.name != "demo_vocabulary":  # words that invented patents are written with, in each language
            name = path.relative_to(folder).with_suffix("").as_posix()
            yield from _pairs(load(name), name.removeprefix("messages/"))


def _pairs(content: Any, place: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(content, dict) and isinstance(content.get("ko"), str) and isinstance(content.get("en"), str):
        yield place, content["ko"], content["en"]
    elif isinstance(content, dict | list):
        parts = content.items() if isinstance(content, dict) else enumerate(content)
        for key, part in parts:
            yield from _pairs(part, f"{place}.{key}")


def test_english_texts_hold_no_korean() -> None:
    # Headings of Korean source files are quoted as they stand there.
    quoted = {"patent_sources.expected_number", "patent_sources.expected_title"}
    assert {place for place, _, en in texts() if HANGUL.search(en)} == quoted


def test_korean_texts_are_korean() -> None:
    # Names of models and measures are the same in both languages; a single word of another kind is left over.
    found = list(texts())
    assert len(found) > 3000
    plain = {place: re.sub(r"\{[^}]*\}", "", ko) for place, ko, _ in found if not HANGUL.search(ko)}
    named = {"report.tab_tech_index", "report.short_tech_index", "lifecycle.col_p_delong", "validation.head_brier"}
    assert {place for place, ko in plain.items() if re.search("[A-Za-z]{3}", ko) and not ko.isupper()} == named


#: Functions that hand the name of an action on to the audit trail.
TELLING = {"tell", "_tell", "_end", "_move", "_changed"}
#: What follows where the source puts a name together.
ENDINGS = {
    "consent.": set(get_args(State)) - {"active"},  # told as granted
    "discovery.contact_": {"accepted", "declined"},
    "finance.": set(process().actions),
    "programme.": set(STEPS),
    "programme.appeal_": {"upheld", "rejected"},
    "rating.override_": {"confirmed", "refused"},
    "webhook.": {ACTIVE, PAUSED},
}


def told() -> Iterator[str]:
    """Yield every action that the source tells the audit trail of."""
    for path in Path(ktop.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(call, "func", None)
            if isinstance(call, ast.Call) and getattr(name, "attr", getattr(name, "id", "")) in TELLING:
                for given in call.args[:4]:
                    yield from _names(given)


def _names(given: Any) -> Iterator[str]:
    if isinstance(given, ast.JoinedStr):
        begun = given.values[0]
        if isinstance(begun, ast.Constant) and re.match(r"[a-z]+\.", str(begun.value)):
            yield from (f"{begun.value}{ending}" for ending in ENDINGS[begun.value])
    elif isinstance(given, ast.IfExp):
        yield from (*_names(given.body), *_names(given.orelse))
    elif isinstance(given, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(given.value)):
        yield given.value


def test_every_action_of_the_audit_trail_has_its_words() -> None:
    actions = set(told())
    assert len(actions) > 150
    for action in actions:
        words = [action_words(action, lang) for lang in LANGS]
        assert action not in words and HANGUL.search(words[0]) and not HANGUL.search(words[1]), action
        assert f"audit.kind_{action.partition('.')[0]}" in messages(), action
    assert set(load("actions")) <= actions, "no words for what nothing does"


def test_what_follows_a_decision_is_called_by_one_word_in_each_meaning() -> None:
    # 사후 관리 is an institution's watch over the companies of its portfolio; loans are repaid, projects have outcomes.
    rooms = {key.partition(".")[0] for key, words in messages().items() if re.search("사후 ?관리", words["ko"])}
    assert rooms == {"watch", "consent", "desk", "audit"}
    others = [name for name in ("finance", "abroad_checklist") if re.search("사후 ?관리", str(load(name)))]
    assert not others
