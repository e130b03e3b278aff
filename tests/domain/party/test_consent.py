"""A consent goes only from state to state that may follow, allows no more than it names, and never widens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ktop.catalogue import LANGS, load
from ktop.domain.party import consent as rules
from ktop.domain.party.consent import FOLLOWING, Consent, Sight, Terms, may_see
from ktop.domain.party.permission import Allowed, Denied
from ktop.kernel.errors import ConflictError, InputError

DAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
RESULTS, INPUTS = ("tech-index", "ktrs-fm", "originality"), ("statement", "credit", "staff")
TECHNOLOGIES = ("t1", "t2", "*")

sets = {name: st.frozensets(st.sampled_from(words)) for name, words in (("results", RESULTS), ("inputs", INPUTS))}
terms = st.builds(
    Terms,
    purpose=st.sampled_from(("loan_review", "monitoring")),
    results=sets["results"],
    inputs=sets["inputs"],
    technologies=st.frozensets(st.sampled_from(TECHNOLOGIES)),
    valid_from=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
    valid_until=st.integers(3, 9).map(lambda days: DAY + timedelta(days=days)),
    once=st.booleans(),
)
sights = st.builds(
    Sight,
    model=st.sampled_from((*RESULTS, "start-up")),
    rating=st.sampled_from(("r1", "r2")),
    technology=st.sampled_from((None, "t1", "t2", "t3")),
)
days = st.integers(-1, 12).map(lambda count: DAY + timedelta(days=count))


def asked(of: Terms, state: rules.State = "requested") -> Consent:
    version = rules.newest_notice()
    return Consent(
        id="0",
        company="gaon",
        grantee="ibk",
        terms=of,
        notice_version=version,
        notice_hash=rules.notice_hash(version),
        state=state,
        state_at=NOW,
        state_by="kim",
        created=NOW,
    )


@given(terms, terms, sights, days)
def test_narrower_terms_never_show_what_wider_ones_do_not(narrow: Terms, wide: Terms, what: Sight, day: date) -> None:
    if narrow.within(wide) and isinstance(may_see(asked(narrow, "active"), what, day), Allowed):
        assert isinstance(may_see(asked(wide, "active"), what, day), Allowed)


@given(terms, terms, terms)
def test_narrower_is_an_order(a: Terms, b: Terms, c: Terms) -> None:
    assert a.within(a)
    if a.within(b) and b.within(c):
        assert a.within(c)


@given(terms, sights, days, st.sampled_from(sorted(set(FOLLOWING) - {"active"})))
def test_nothing_is_seen_but_by_an_active_consent(of: Terms, what: Sight, day: date, state: rules.State) -> None:
    assert isinstance(may_see(asked(of, state), what, day), Denied)


@pytest.mark.parametrize(
    ("what", "day", "reason"),
    [
        (Sight("ktrs-fm", "r"), DAY, None),
        (Sight("ktrs-fm", "r"), DAY - timedelta(days=1), "consent.is_early"),
        (Sight("ktrs-fm", "r"), DAY + timedelta(days=1), "consent.is_expired"),
        (Sight("tech-index", "r"), DAY, "consent.other_result"),
        (Sight("originality", "r", "t1"), DAY, None),
        (Sight("originality", "r", "t2"), DAY, "consent.other_technology"),
        (Sight("originality", "r", None), DAY, "consent.other_technology"),
        (Sight("tech-index", "sent"), DAY, None),
    ],
)
def test_what_is_seen_is_named(what: Sight, day: date, reason: str | None) -> None:
    named = frozenset({"ktrs-fm", "originality", "rating:sent"})
    of = Terms("loan_review", named, frozenset(), frozenset({"t1"}), DAY, DAY)
    found = may_see(asked(of, "active"), what, day)
    assert found == (Allowed("0") if reason is None else Denied(reason))


class Life(RuleBasedStateMachine):
    """A consent and its successors under anything that anybody tries."""

    @initialize(of=terms)
    def ask(self, of: Terms) -> None:
        self.first = self.now = asked(of)
        self.ended: list[Consent] = []
        self.day = DAY

    @rule(state=st.sampled_from(sorted(FOLLOWING)))
    def change(self, state: rules.State) -> None:
        before = self.now
        if state == "narrowed":  # only with a successor
            return
        try:
            self.now = rules.changed(before, state, at=NOW, by="kim")
        except ConflictError:
            assert state not in FOLLOWING[before.state]
            return
        assert state in FOLLOWING[before.state]
        assert self.now == replace(before, state=state, state_by="kim", version=before.version + 1)

    @precondition(lambda self: self.now.state in ("requested", "active"))
    @rule(of=terms)
    def narrow(self, of: Terms) -> None:
        try:
            ended, self.now = rules.narrowed(
                self.now, of, successor=f"{self.now.number}", at=NOW, by="kim", known_by="passkey"
            )
        except InputError:
            assert not of.within(self.now.terms) or of == self.now.terms
            return
        assert ended.state == "narrowed" and self.now.predecessor == ended.id
        self.ended.append(ended)

    @precondition(lambda self: self.now.state == "requested")
    @rule(days=st.integers(0, 12))
    def grant(self, days: int) -> None:
        day = self.day + timedelta(days=days)
        try:
            self.now = rules.granted(self.now, at=NOW, day=day, by="kim", known_by="passkey")
        except ConflictError:
            assert day > self.now.terms.valid_until

    @invariant()
    def never_wider_than_what_was_asked(self) -> None:
        assert self.now.terms.within(self.first.terms)
        assert all(consent.state == "narrowed" for consent in self.ended)
        assert self.now.number == len(self.ended) + 1
        if self.now.predecessor is not None and self.now.state == "active":
            assert (self.now.granted_by, self.now.authenticated_by) == ("kim", "passkey")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)


def test_states_that_end_are_followed_by_none_and_every_state_has_words() -> None:
    assert {state for state, following in FOLLOWING.items() if not following} == {
        "rejected",
        "narrowed",
        "expired",
        "revoked",
    }
    for state in FOLLOWING:
        assert all(rules.state_name(state)[lang] for lang in LANGS)


def test_a_notice_is_told_from_every_other_by_its_hash() -> None:
    assert rules.notice_hash("2026-11") == "8b37bd06df155a167b62fe5125861395fc9181c11e8601e5b354318b4dbc330f", (
        "a text that was shown is never changed: add another version"
    )
    assert set(rules.notice("2026-11")) == set(LANGS)


def test_words_of_consents_are_known_elsewhere() -> None:
    from ktop.domain.company.fact_spec import fact_groups
    from ktop.models.registry import KINDS

    words = load("consent")
    assert set(words["results"]) == {*KINDS, "originality"}
    assert set(words["inputs"]) == {*fact_groups(), "technology_text"}


@pytest.mark.parametrize(("reason", "kept"), [("  왜 ", "왜"), ("", ""), ("가\u0000나\u202e", "가나")])
def test_a_reason_is_kept_without_space_around_it(reason: str, kept: str) -> None:
    assert rules.check_reason(reason) == kept
    with pytest.raises(InputError):
        rules.check_reason("가" * 501)
