"""Firms are found as they agreed and no further; an attacker who combines filters singles none out."""

from __future__ import annotations

import itertools
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import delete, select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from consenting import BANK, COMPANY, NURI, OTHER_BANK, OTHER_COMPANY, STAFF, add_organisations, add_rating
from databases import BACK_ENDS, database_url

from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.domain.party.discovery import ALIKE, OptIn, Profile, Wanted
from ktop.kernel.clock import today
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.store.identity import OrganisationRow
from ktop.store.tables import discovery_searches, discovery_terms, outbox
from ktop.store.unit_of_work import Store
from ktop.usecases.discovery.service import DiscoveryService
from ktop.usecases.discovery.words import READING, text_words

INVESTOR = Actor("user-investor", "k-vic", frozenset({"investor_analyst"}))


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(database_url(request.param, tmp_path))
    add_organisations(store)
    with store.installation() as work:
        now = datetime.now(UTC)
        work.identity.add_organisation(OrganisationRow("k-vic", "investor", "한국벤처투자", "K-VIC", "active", now))
        for number in range(30):
            work.identity.add_organisation(
                OrganisationRow(f"firm-{number}", "company", f"기업 {number}", f"Firm {number}", "active", now)
            )
    yield store
    store.engine.dispose()


@pytest.fixture
def discovery(store: Store) -> DiscoveryService:
    return DiscoveryService(lambda: store)


def rated(store: Store, actor: Actor, grade: str = "A+", region: str = "KR-30", index: float = 71.3) -> str:
    subject = {"industry_group": "machinery", "region": region, "size": "small", "age_band": "growth"}
    results = [
        {"model": {"name": "tech-index", "version": "1"}, "scores": {"index": index}, "subject": subject},
        {
            "model": {"name": "ktrs-fm", "version": "1"},
            "grades": {"business": grade, "growth": "BB", "risk": "R3"},
            "subject": subject,
        },
    ]
    with store.unit(actor) as unit:
        number = unit.consents.party(actor.organisation).business_number
        key = number and f"business_number:{number}"
        as_of = date(2026, 6, 1)
        row = unit.ratings.add(kind="company", subject="기업", as_of=as_of, inputs={}, results=results, subject_key=key)
        return row.id


def opt_in(store: Store, discovery: DiscoveryService, actor: Actor, rating: str = "", **changes: object) -> None:
    until = today() + timedelta(days=30)
    given = OptIn(rating or rated(store, actor), frozenset({"bank"}), False, "정밀 감속기", until)
    discovery.opt_in(actor, replace(given, **changes))  # type: ignore[arg-type]  # of any field


def owner(number: int) -> Actor:
    return Actor(f"user-{number}", f"firm-{number}", frozenset({"company_owner"}))


def test_nobody_is_found_who_did_not_agree(store: Store, discovery: DiscoveryService) -> None:
    rated(store, COMPANY)
    assert discovery.search(BANK, Wanted()).items == [] and discovery.own_card(COMPANY) is None
    opt_in(store, discovery, COMPANY)
    (found,) = discovery.search(BANK, Wanted(business="A", words="감속기 가온")).items
    assert found.company is not None and found.company.id == "gaon"
    assert found.profile == Profile("A", "BB", "R3", 70.0, "machinery", "KR-30", "small", "growth", "ktrs-fm")
    assert discovery.search(INVESTOR, Wanted()).items == [], "only banks may"
    for misses in (Wanted(business="AA"), Wanted(region="KR-11"), Wanted(words="없는말"), Wanted(index_score=75)):
        assert discovery.search(BANK, misses).items == []
    discovery.opt_out(COMPANY)
    assert discovery.search(BANK, Wanted()).items == []
    with pytest.raises(NotFoundError):
        discovery.open_found(BANK, found.id)


def test_nobody_is_found_by_a_rating_of_another_firm(store: Store, discovery: DiscoveryService) -> None:
    for actor in (COMPANY, owner(0)):  # with and without a business number of its own
        with pytest.raises(InputError) as refused:
            opt_in(store, discovery, actor, add_rating(store, actor, NURI))
        assert refused.value.key == "store.rating_of_another" and discovery.own_card(actor) is None
    with pytest.raises(InputError):
        opt_in(store, discovery, COMPANY, add_rating(store, COMPANY, None))


def test_each_condition_finds_who_meets_it_and_nobody_else(store: Store, discovery: DiscoveryService) -> None:
    opt_in(store, discovery, COMPANY)  # A, BB, R3, 70, machinery, KR-30, small, growth, ktrs-fm
    for meets, misses in (
        (Wanted(business="A"), Wanted(business="AA")),
        (Wanted(growth="BB"), Wanted(growth="BBB")),
        (Wanted(risk="R3"), Wanted(risk="R2")),
        (Wanted(growth="B", risk="R4"), Wanted(growth="B", risk="R1")),
        (Wanted(index_score=70), Wanted(index_score=70.5)),
        (Wanted(industry="machinery"), Wanted(industry="software_ict")),
        (Wanted(region="KR-30"), Wanted(region="KR-26")),
        (Wanted(size="small"), Wanted(size="medium")),
        (Wanted(age_band="growth"), Wanted(age_band="mature")),
        (Wanted(model="ktrs-fm"), Wanted(model="start-up")),
        (Wanted(words="감속기"), Wanted(words="없는말")),
    ):
        assert len(discovery.search(BANK, meets).items) == 1, meets
        assert discovery.search(BANK, misses).items == [], misses


def test_the_company_sees_who_found_it_and_answers(store: Store, discovery: DiscoveryService) -> None:
    opt_in(store, discovery, COMPANY)
    (found,) = discovery.search(BANK, Wanted()).items
    discovery.open_found(BANK, found.id)
    assert [(one.viewer.id, one.way) for one in discovery.looks(COMPANY).items] == [("ibk", "opened"), ("ibk", "found")]
    assert discovery.looks(OTHER_COMPANY).items == []
    asked = discovery.ask_contact(BANK, found.id, "상담을 원합니다")
    with pytest.raises(ConflictError):
        discovery.ask_contact(BANK, found.id, "다시")
    (received,) = discovery.contacts(COMPANY)
    assert received.yours and received.asker.id == "ibk" and received.state == "asked"
    with pytest.raises(NotFoundError):
        discovery.answer_contact(OTHER_COMPANY, asked.id, accept=True)
    with pytest.raises(ForbiddenError):
        discovery.answer_contact(STAFF, asked.id, accept=True)
    assert discovery.answer_contact(COMPANY, asked.id, accept=True).state == "accepted"
    with pytest.raises(ConflictError):
        discovery.answer_contact(COMPANY, asked.id, accept=False)
    assert discovery.contacts(OTHER_BANK) == []


def test_an_anonymous_firm_is_named_only_when_it_accepts(store: Store, discovery: DiscoveryService) -> None:
    for number in range(ALIKE):
        opt_in(store, discovery, owner(number), anonymous=True)
    found = discovery.search(BANK, Wanted()).items
    assert len(found) == ALIKE and all(one.company is None and one.said == "" for one in found)
    assert discovery.search(BANK, Wanted(words="감속기")).items == [], "words would tell who it is"
    asked = discovery.ask_contact(BANK, found[0].id, "상담")
    assert asked.company is None
    (holder,) = [owner(n) for n in range(ALIKE) if discovery.contacts(owner(n))]
    discovery.answer_contact(holder, asked.id, accept=True)
    (answered,) = discovery.contacts(BANK)
    assert answered.company is not None and answered.company.id == holder.organisation
    discovery.opt_out(owner(0))
    assert discovery.search(BANK, Wanted()).items == [], "four are too few"


def test_an_attacker_who_combines_filters_singles_nobody_out(store: Store, discovery: DiscoveryService) -> None:
    chance = random.Random(7)
    grades, regions, scores = ("AA", "A"), ("KR-11", "KR-30"), (52.0, 71.0)
    for number in range(30):
        rating = rated(store, owner(number), chance.choice(grades), chance.choice(regions), chance.choice(scores))
        opt_in(store, discovery, owner(number), rating, anonymous=number % 6 > 0)
    everybody = discovery.search(BANK, Wanted(), limit=200).items
    shown = [one.profile for one in everybody if one.company is None]
    assert shown, "some are alike enough"
    assert all((one.until is None) == (one.company is None) for one in everybody), "none is followed by its last day"
    for grade, region, score in itertools.product(("", *grades), ("", *regions), (None, 50, 70)):
        found = discovery.search(BANK, Wanted(business=grade, region=region, index_score=score), limit=200).items
        hidden = [one for one in found if one.company is None]
        for one in hidden:
            alike = sum(other == one.profile for other in shown)
            assert alike >= ALIKE, "at least five could be meant, whatever was asked before"


def test_the_best_match_comes_first_and_goes_with_its_consent(store: Store, discovery: DiscoveryService) -> None:
    said = {
        0: "협동로봇용 정밀 감속기와 구동 모터를 설계하고 만든다. 감속기 수명 시험 장비도 있다.",
        1: "공장 자동화 설비에 감속기를 붙여 판다.",
        2: "이차전지 전해액 첨가제를 합성한다.",
        3: "Precision reducers for collaborative robots",
    }
    for number, words in said.items():
        opt_in(store, discovery, owner(number), words=words)

    def names(wanted: Wanted) -> list[str]:
        items = discovery.search(BANK, wanted).items
        return [one.company.id for one in items if one.company]

    assert names(Wanted(words="감속기")) == ["firm-0", "firm-1", "firm-3"], "said twice in a text about it"
    both = discovery.search(BANK, Wanted(words="감속기 모터")).items
    assert [(one.company and one.company.id, one.near) for one in both] == [
        ("firm-0", False),
        ("firm-1", True),
        ("firm-3", True),
    ]
    assert names(Wanted(words="robot reducer"))[0] == "firm-3", "words are stems"
    assert names(Wanted(words="감속기", region="KR-11")) == []
    assert sorted(names(Wanted(words="기업"))) == [f"firm-{number}" for number in range(4)], "as their names begin"
    first = discovery.search(BANK, Wanted(words="감속기")).items[0]
    assert names(Wanted(like=first.id)) == ["firm-1"], "not itself, and nobody who says something else"
    page = discovery.search(BANK, Wanted(words="감속기"), limit=2)
    rest = discovery.search(BANK, Wanted(words="감속기"), limit=2, after=page.after)
    assert page.items[0].id == first.id and len({one.id for one in [*page.items, *rest.items]}) == 3
    assert rest.after is None
    discovery.opt_out(owner(0))
    assert names(Wanted(words="감속기")) == ["firm-1", "firm-3"]
    with pytest.raises(NotFoundError):
        discovery.search(BANK, Wanted(like=first.id))
    opt_in(store, discovery, owner(1), anonymous=True)
    assert names(Wanted(words="감속기")) == ["firm-3"], "whoever turns anonymous leaves no words behind"
    silent = opted_in(store, discovery, owner(5), words="")
    with pytest.raises(InputError):
        discovery.search(BANK, Wanted(like=silent))


def test_a_firm_is_found_by_meaning_in_other_words_and_the_other_language(
    store: Store, discovery: DiscoveryService
) -> None:
    said = {
        0: "이차전지 양극재와 전해액 첨가제를 합성한다.",
        1: "산업용 로봇 팔과 그리퍼를 만든다.",
        2: "Software for games on mobile phones",
        3: "반도체 식각 장비와 박막 증착 장비를 만든다.",
    }
    for number, words in said.items():
        opt_in(store, discovery, owner(number), words=words)
    asked = {"battery cell": 0, "배터리": 0, "robot arm": 1, "게임": 2, "wafer etching": 3, "semiconductor": 3}
    for words, firm in asked.items():
        first, *_ = discovery.search(BANK, Wanted(words=words)).items
        assert first.company is not None and first.company.id == f"firm-{firm}", words
    (meant,) = discovery.search(BANK, Wanted(words="lithium ion")).items
    assert meant.company is not None and meant.company.id == "firm-0" and meant.near
    for words in ("한빛", "Nuri", "없는말"):
        assert discovery.search(BANK, Wanted(words=words)).items == [], "a name has no meaning"
    discovery.save_search(BANK, "전지", Wanted(words="lithium ion"))
    opt_in(store, discovery, owner(4), words="lithium ion cells")
    with store.installation() as work:
        work.connection.execute(update(discovery_searches).values(due=datetime.now(UTC)))
    discovery.tend(INSTALLATION)
    (search,) = discovery.saved_searches(BANK)
    (new,) = discovery.new_finds(BANK, search.id)
    assert new.company is not None and new.company.id == "firm-4", "a notice means what was asked"


def test_texts_that_an_earlier_release_read_are_read_again(store: Store, discovery: DiscoveryService) -> None:
    for number in range(2):
        opt_in(store, discovery, owner(number), words="이차전지 양극재와 전해액 첨가제를 합성한다.")
    with store.installation() as work:
        work.connection.execute(delete(discovery_terms).where(discovery_terms.c.code >= 1 << 33))
        work.connection.execute(update(discovery_terms).where(discovery_terms.c.code == 0).values(impact=0))
        (said, other) = work.words_of_firms.read_otherwise(READING, 9)
    assert discovery.search(BANK, Wanted(words="lithium ion")).items == []
    discovery.opt_out(owner(1))
    discovery.tend(INSTALLATION)
    (found,) = discovery.search(BANK, Wanted(words="lithium ion")).items
    assert found.company is not None and found.company.id == "firm-0"
    assert len(discovery.search(BANK, Wanted(words="기업")).items) == 1, "its name is read, too"
    with store.installation() as work:
        assert work.words_of_firms.read_otherwise(READING, 9) == []
        for gone in (said, other):
            work.words_of_firms.renew(gone.number, text_words("감속기"))
        texts = work.connection.scalars(select(discovery_terms.c.number).where(discovery_terms.c.code == 0)).all()
    assert len(texts) == 1, "who took it back leaves nothing"


def test_common_words_change_no_answer(
    store: Store, discovery: DiscoveryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a word is read or only looked up: the same firms with the same scores in the same order."""
    chance, parts = (
        random.Random(5),
        ["감속기", "모터", "베어링", "robot", "이차전지 전해액", "반도체 식각", "시험 장비"],
    )
    for number in range(24):
        opt_in(
            store,
            discovery,
            owner(number),
            rated(store, owner(number), region=("KR-11", "KR-30")[number % 2]),
            words=" ".join(chance.choices(parts, [9, 6, 4, 3, 2, 1, 1], k=chance.randint(1, 9))),
        )
    asked = [
        Wanted(words=words, region=region)
        for words in (
            "감속기",
            "감속기 모터",
            "robot 반도체",
            "모터 감속기 식각",
            "없는말 감속기",
            "lithium ion 감속기",
        )
        for region in ("", "KR-11")
    ]

    def answers() -> list[list[tuple[str, bool]]]:
        pages = []
        for wanted in asked:
            after = None
            while True:
                page = discovery.search(BANK, wanted, limit=5, after=after)
                pages.append([(one.id, one.near) for one in page.items])
                if (after := page.after) is None:
                    break
        return pages

    plain = answers()
    assert sum(map(len, plain)) > 100
    for common in (3, 8):
        monkeypatch.setattr("ktop.store.discovery_text._COMMON", common)
        monkeypatch.setattr("ktop.store.discovery_text._COUNTED", WeakKeyDictionary())
        assert answers() == plain


def test_conditions_are_held_against_all_texts_and_not_the_best_alone(
    store: Store, discovery: DiscoveryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ktop.store.discovery._MOST_READ", 1)
    opt_in(store, discovery, owner(0), words="감속기 감속기 감속기")
    opt_in(
        store, discovery, owner(1), rated(store, owner(1), region="KR-11"), words="감속기와 모터, 베어링과 축을 만든다."
    )
    (best,) = discovery.search(BANK, Wanted(words="감속기")).items
    (there,) = discovery.search(BANK, Wanted(words="감속기", region="KR-11")).items
    assert best.company is not None and best.company.id == "firm-0"
    assert there.company is not None and there.company.id == "firm-1"


def opted_in(store: Store, discovery: DiscoveryService, actor: Actor, **changes: object) -> str:
    """Opt in and return the identifier by which the bank finds the firm."""
    opt_in(store, discovery, actor, **changes)
    items = discovery.search(BANK, Wanted(), limit=200).items
    return next(one.id for one in items if one.company and one.company.id == actor.organisation)


def test_hidden_parts_are_neither_shown_nor_searched(store: Store, discovery: DiscoveryService) -> None:
    opt_in(store, discovery, COMPANY, hidden=frozenset({"region", "index_score", "risk"}))
    (found,) = discovery.search(BANK, Wanted(business="A", model="ktrs-fm")).items
    assert (found.profile.region, found.profile.index_score, found.profile.risk) == ("", None, "")
    for asked in (Wanted(region="KR-30"), Wanted(index_score=0), Wanted(risk="R3"), Wanted(model="start-up")):
        assert discovery.search(BANK, asked).items == []


def test_a_kept_search_tells_only_what_is_new_and_can_be_found(store: Store, discovery: DiscoveryService) -> None:
    opt_in(store, discovery, owner(0))
    kept = discovery.save_search(BANK, "감속기", Wanted(words="감속기"))
    run_searches(store, discovery)
    assert [one.new for one in discovery.saved_searches(BANK)] == [0], "it was on the page when the search was kept"
    opt_in(store, discovery, owner(1))
    opt_in(store, discovery, owner(2))
    discovery.opt_out(owner(2))
    opt_in(store, discovery, owner(0), words="감속기를 더 만든다")
    run_searches(store, discovery)
    run_searches(store, discovery)
    assert told(store) == [1], "once, of the one firm that is new"
    assert [one.new for one in discovery.saved_searches(BANK)] == [1] and discovery.saved_searches(OTHER_BANK) == []
    opt_in(store, discovery, owner(3))
    run_searches(store, discovery)
    discovery.opt_out(owner(3))
    assert [one.new for one in discovery.saved_searches(BANK)] == [1], "who took it back is told of no more"
    (new,) = discovery.new_finds(BANK, kept.id)
    assert new.company is not None and new.company.id == "firm-1" and discovery.new_finds(BANK, kept.id) == []
    for stranger in (OTHER_BANK, INVESTOR):
        with pytest.raises(NotFoundError):
            discovery.new_finds(stranger, kept.id)
    discovery.forget_search(BANK, kept.id)
    with pytest.raises(NotFoundError):
        discovery.forget_search(BANK, kept.id)
    for name, odd in (("x", Wanted(like="0" * 32)), ("x", Wanted(business="Z")), (" ", Wanted())):
        with pytest.raises(InputError):
            discovery.save_search(BANK, name, odd)


def test_a_batch_formed_anew_is_no_new_find(store: Store, discovery: DiscoveryService) -> None:
    for number in range(5):
        opt_in(store, discovery, owner(number), anonymous=True)
    kept = discovery.save_search(BANK, "모두", Wanted())
    opt_in(store, discovery, owner(5), anonymous=True)  # waits for others
    discovery.opt_out(owner(0))
    assert len(discovery.search(BANK, Wanted()).items) == ALIKE, "a batch of four former ones and the one that waited"
    run_searches(store, discovery)
    assert told(store) == [] and discovery.new_finds(BANK, kept.id) == []
    for number in range(6, 11):
        opt_in(store, discovery, owner(number), anonymous=True)
    run_searches(store, discovery)
    assert told(store) == [5], "a second batch of the same is new"


def run_searches(store: Store, discovery: DiscoveryService) -> None:
    """Let a day go by for all kept searches."""
    with store.installation() as work:
        work.connection.execute(update(discovery_searches).values(due=datetime.now(UTC) - timedelta(minutes=1)))
    discovery.tend(INSTALLATION)


def told(store: Store) -> list[int]:
    """Return how many firms each notice told of."""
    with store.installation(reading=True) as work:
        query = select(outbox.c.payload).where(outbox.c.topic == "discovery.new_found").order_by(outbox.c.at)
        return [payload["details"]["firms"] for payload in work.connection.execute(query).scalars()]


def test_an_attacker_who_looks_again_and_again_singles_nobody_out(store: Store, discovery: DiscoveryService) -> None:
    """By what appears and goes between two looks, by order, by moments, and by what is refused."""
    chance = random.Random(11)
    inside: set[int] = set()
    before: dict[str, tuple[Profile, datetime]] = {}
    looks = 0
    for _ in range(45):
        number = chance.randrange(16)
        if number in inside:
            discovery.opt_out(owner(number))
        else:
            rating = rated(store, owner(number), "A", ("KR-11", "KR-30")[number % 4 == 0])
            opt_in(store, discovery, owner(number), rating, anonymous=True)
        inside ^= {number}
        now = {one.id: (one.profile, one.created) for one in discovery.search(BANK, Wanted(), limit=200).items}
        for changed in ({*now} - {*before}, {*before} - {*now}):
            moved = Counter((now | before)[one] for one in changed)
            assert all(count % ALIKE == 0 for count in moved.values()), "whole batches come and go, in one moment"
        looks += bool(now)
        before = now
    assert looks > 10, "some are found most of the time"
    # who was asked by name is not told from the others once anonymous: no refusal differs
    known = opted_in(store, discovery, COMPANY)
    discovery.ask_contact(BANK, known, "상담")
    for number in range(20, 24):
        opt_in(store, discovery, owner(number), anonymous=True, hidden=frozenset({"region"}))
    opt_in(store, discovery, COMPANY, anonymous=True, hidden=frozenset({"region"}))
    hidden = [one for one in discovery.search(BANK, Wanted(), limit=200).items if not one.profile.region]
    assert len(hidden) == ALIKE
    for one in hidden:
        assert discovery.ask_contact(BANK, one.id, "상담").company is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": frozenset()},
        {"to": frozenset({"everybody"})},
        {"words": "가" * 1001},
        {"hidden": frozenset({"name"})},
        {"until": date(2020, 1, 1)},
    ],
)
def test_an_odd_opt_in_is_refused(store: Store, discovery: DiscoveryService, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        opt_in(store, discovery, COMPANY, **wrong)


def test_a_rating_of_others_or_none_is_refused(store: Store, discovery: DiscoveryService) -> None:
    with pytest.raises(NotFoundError):
        opt_in(store, discovery, COMPANY, rated(store, OTHER_COMPANY))
    for odd in (
        Wanted(business="Z"),
        Wanted(region="x"),
        Wanted(industry="y"),
        Wanted(index_score=101),
        Wanted(model="x"),
    ):
        with pytest.raises(InputError):
            discovery.search(BANK, odd)
    with pytest.raises(ForbiddenError):
        discovery.search(COMPANY, Wanted())
