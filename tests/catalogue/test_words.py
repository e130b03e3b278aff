"""Ordinary words: no jargon that the glossary replaces, no undecided particles, no language in the other's text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import ktop
from ktop.catalogue import LANGS, load, messages
from ktop.domain.finance.process import process
from ktop.domain.party.consent import State
from ktop.domain.season.call import STEPS
from ktop.domain.work.webhook import ACTIVE, PAUSED, topic_kinds
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


def test_english_texts_hold_no_korean() -> None:
    # Headings of Korean source files are quoted as they stand there.
    quoted = {"patent_sources.expected_number", "patent_sources.expected_title"}
    assert {key for key, words in messages().items() if HANGUL.search(words["en"])} == quoted


def test_korean_texts_are_korean() -> None:
    # Names of models, standards and units are the same in both languages; a sentence is not.
    same = {key for key, words in messages().items() if words["ko"] == words["en"] and " " in words["ko"].strip()}
    untranslated = {key for key in same if len(re.findall(r"(?<!\{)\b[A-Za-z]{3,}\b", messages()[key]["ko"])) >= 3}
    assert not untranslated


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
        kind = action.partition(".")[0]
        assert kind in topic_kinds() or f"audit.kind_{kind}" in messages(), action
    assert set(load("actions")) <= actions, "no words for what nothing does"


def test_what_follows_a_decision_is_called_by_one_word_in_each_meaning() -> None:
    # 사후 관리 is an institution's watch over the companies of its portfolio; loans are repaid, projects have outcomes.
    rooms = {key.partition(".")[0] for key, words in messages().items() if re.search("사후 ?관리", words["ko"])}
    assert rooms == {"watch", "consent", "desk"}
    others = [name for name in ("finance", "abroad_checklist") if re.search("사후 ?관리", str(load(name)))]
    assert not others
