"""Ordinary words: no jargon that the glossary replaces, no undecided particles, no language in the other's text."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import ktop
from ktop import catalogue
from ktop.catalogue import LANGS, load, messages
from ktop.domain.finance.process import process
from ktop.domain.party.consent import State
from ktop.domain.season.call import STEPS
from ktop.domain.work.webhook import ACTIVE, PAUSED
from ktop.usecases.training.collected import OUTCOMES
from ktop.web.pages.audit_words import action_words, begun, detail_label, detail_words

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


@functools.cache
def telling() -> list[ast.Module]:
    """Return the source files in which something is told; reading all of them takes most of a test's time."""
    texts = (path.read_text("utf-8") for path in Path(ktop.__file__).parent.rglob("*.py"))
    return [ast.parse(text) for text in texts if re.search(rf"\b({'|'.join(TELLING)})\(", text)]


def told() -> Iterator[str]:
    """Yield every action that the source tells the audit trail of."""
    for tree in telling():
        for call in ast.walk(tree):
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


def detailed() -> Iterator[tuple[str, str]]:
    """Yield every (kind of events, name of a detail) that the source tells beside an action."""
    for tree in telling():
        made = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for function in made.values():
            for call in ast.walk(function):
                name = getattr(call, "func", None)
                if isinstance(call, ast.Call) and getattr(name, "attr", getattr(name, "id", "")) in TELLING:
                    kinds = {action.partition(".")[0] for given in call.args[:4] for action in _names(given)}
                    if any(getattr(given, "id", "") == "action" for given in call.args):
                        kinds |= {""}  # whatever was handed in
                    for given in call.args:
                        yield from ((kind, key) for key in _keys(given, function, made) for kind in kinds)


def _keys(given: ast.AST | None, function: ast.FunctionDef, made: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Yield the keys of a dictionary: written there, given a name in the same function, or made by another function."""
    if isinstance(given, ast.Dict):
        yield from (str(key.value) for key in given.keys if isinstance(key, ast.Constant))
        for key, part in zip(given.keys, given.values, strict=True):
            yield from _keys(part, function, made) if key is None else ()
    elif isinstance(given, ast.IfExp):
        yield from (*_keys(given.body, function, made), *_keys(given.orelse, function, made))
    elif isinstance(given, ast.Name):
        for node in ast.walk(function):
            place = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(place, ast.Name) and place.id == given.id and isinstance(node.value, ast.Dict | ast.IfExp):
                yield from _keys(node.value, function, made)
            elif isinstance(place, ast.Subscript) and getattr(place.value, "id", "") == given.id:
                yield str(getattr(place.slice, "value", place.slice))
    elif isinstance(given, ast.Call) and getattr(given.func, "id", "") in made:
        other = made[given.func.id]
        for node in ast.walk(other):
            yield from _keys(node.value, other, made) if isinstance(node, ast.Return) else ()


def test_every_detail_of_the_audit_trail_has_its_words() -> None:
    found = set(detailed())
    assert len({name for _, name in found}) > 75
    for kind, name in found:
        words = [detail_label(kind, name, lang) for lang in LANGS]
        assert HANGUL.search(words[0]) and not HANGUL.search(words[1]), (kind, name)
    # those of appraisals are the outcomes' own names, "merged_into" stands beside a state that is computed
    named = {name for _, name in found} | {f"{kind}_{name}" for kind, name in found} | {*OUTCOMES, "merged_into"}
    assert set(load("action_details")["labels"]) <= named, "no words for what nothing tells"
    assert {key for key in messages() if key.startswith("access.")} == set(load("action_details")["words"]["reason"])


REASON = (
    f"사유: {messages()['consent.only_companies']['ko']}",
    f"reason: {messages()['consent.only_companies']['en']}",
)


@pytest.mark.parametrize(
    ("action", "details", "ko", "en"),
    [
        ("consent.granted", {"purpose": "loan_review", "results": ["rating:349c0d79d47d2a0c"]},
         "목적: 대출 심사; 결과: 보낸 결과 1건 349c0d79…",
         "purpose: Loan review; results: the one result that was sent 349c0d79…"),
        ("finance.sign", {"from": "contract", "guarantee": "in_force", "side": "company", "step": 1200},
         "이전: 약정; 보증: 보증 중; 처리한 쪽: 기업; 순서: 1200",
         "from: Contract; guarantee: in force; side: Company; step: 1200"),
        ("member.roles_changed", {"from": ["company_staff"], "to": ["company_owner"]},
         "이전: 기업 직원; 이후: 기업 대표", "from: company staff; to: company owner"),
        ("discovery.opted_in", {"to": ["bank"], "anonymous": False, "until": "2027-11-29"},
         "공개 대상: 은행; 익명: 아니요; 기한: 2027년 11월 29일",
         "shown to: banks; anonymous: no; until: 29 November 2027"),
        ("access.refused", {"reason": "access.role_lacks"}, "사유: 역할에 없는 권한",
         "reason: not among the role's permissions"),
        ("access.refused", {"reason": "consent.only_companies"}, *REASON),
        ("batch.rated", {"rows": 12000, "models": {"ktrs-fm": "1.4.0"}},
         "행 수: 12,000; 모형: 기술평가 신속표준모형 (KTRS-FM) 1.4.0",
         "rows: 12,000; models: KTRS-FM fast standard model 1.4.0"),
        ("programme.ranked", {"decisions": {"selected": 3, "ask": 1}, "round": 2},
         "결정: 선정 3, 보완 필요 1; 순위 차수: 2", "decisions: selected 3, to be completed 1; round: 2"),
        ("company.corrected", {"path": "name"}, "항목: 기업명", "item: Company name"),
        ("job.given", {"kind": "rate.batch"}, "종류: 여러 기업 평가", "kind: rating many companies"),
        ("watch.warned", {"signs": ["closed", "no_result"]}, "조기경보: 휴업·폐업, 볼 수 있는 결과 없음",
         "early warnings: business suspended or closed, no result to be seen"),
        ("model.unknown", {"novel": None, "at": "2026-11-29T03:00:00+00:00"},
         "novel: –; 시각: 2026년 11월 29일 12:00 KST", "novel: –; time: 29 November 2026 12:00 KST"),
    ],
)  # fmt: skip
def test_details_of_the_audit_trail_are_said_in_words(action: str, details: dict[str, Any], ko: str, en: str) -> None:
    assert (detail_words(action, details, "ko"), detail_words(action, details, "en")) == (ko, en)


def test_only_identifiers_are_shown_by_their_beginning() -> None:
    assert begun("rule:hand-over-1") == "rule:hand-over-1" and begun("POST /finance/{case_id}").endswith("}")
    assert begun("key:36e58c266d3d9821ce64bd7e4628fdba") == "key:36e58c26…"


def test_what_follows_a_decision_is_called_by_one_word_in_each_meaning() -> None:
    # 사후 관리 is an institution's watch over the companies of its portfolio; loans are repaid, projects have outcomes.
    rooms = {key.partition(".")[0] for key, words in messages().items() if re.search("사후 ?관리", words["ko"])}
    assert rooms == {"watch", "consent", "desk", "audit"}
    others = [name for name in ("finance", "abroad_checklist") if re.search("사후 ?관리", str(load(name)))]
    assert not others
