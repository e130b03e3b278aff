"""Collects what is public of one company: who it is first, then every source at the same time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from ktop.catalogue import load
from ktop.collect import certificates, epo, fsc, kipris, korean_portal, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import Answer, Operation, Outcome, normal_form
from ktop.collect.asking import Asker
from ktop.collect.limits import KOREA, REST, period_end
from ktop.collect.parsing import Kept, Notice, giving, identify
from ktop.collect.value import Identity
from ktop.domain.values.registration_numbers import BusinessNumber

#: Annual reports asked for; each states two years before it, too.
_REPORTS = 3
_MOST_PAGES = 4
#: Own applications whose families abroad are asked for, the newest ones.
_FAMILIES = 20
#: Granted rights of which it is asked what they cite, the newest ones; questions about rights asked at once.
_CITATIONS, _AT_ONCE = 10, 4
#: The fees of so many years are paid with the registration; a right cannot lapse for unpaid ones before.
_PAID_YEARS = 3

#: Returns an answer kept before that is young enough to be read again, None where there is none.
Remembered = Callable[[Operation, str], Answer | None]
Told = Callable[[int, int | None, str], None]
#: Is given every answer that a source was asked for, as it comes, from several threads.
Came = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class _Pages:
    """How a list goes on: rows of a page, how many rows there are in all, the parameters of a further page."""

    rows: int
    total: Callable[[bytes], int | None]
    page: Callable[[int], Mapping[str, str]]


_NTIS = _Pages(ntis.PAGE_ROWS, ntis.hits, ntis.page)
_EPO = _Pages(epo.PAGE_ROWS, epo.total, epo.page)
_USPTO = _Pages(uspto.PAGE_ROWS, uspto.total, uspto.page)
_NPS = _Pages(nps.PAGE_ROWS, nps.total, nps.page)
_CERTIFICATES = _Pages(certificates.PAGE_ROWS, certificates.total, certificates.page)


def _may_have_lapsed(right: kipris.Right, today: date) -> bool:
    return right.registered is None or (today - right.registered).days > _PAID_YEARS * 365


def _certified(edition: str, name: str) -> dict[str, str]:
    return {"edition": edition, "cond[업체명::EQ]": name}


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How asking a source went.

    Parameters
    ----------
    outcome : "found" where it said anything of the company; else what stood in the way of it. "not_asked" where nothing
        known of the company would lead to an answer.
    calls, reused : answers asked for, and answers that were kept from before.
    failures : what of it did not come: operation, outcome and the service's code.
    retry_at : from when asking again makes sense, where that is known.
    """

    source: str
    outcome: Outcome | Literal["not_asked"]
    calls: int
    reused: int
    failures: tuple[tuple[str, Outcome, str], ...] = ()
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything that was answered, and how it went."""

    identity: Identity
    notices: tuple[Notice, ...]
    answers: tuple[Kept, ...]
    reports: Mapping[str, SourceReport] = field(default_factory=dict)


class Collection:
    """One company's collection.

    Parameters
    ----------
    number : business number, ten digits.
    names, corporate_number : what the user knows already.
    remembered : answers kept from before.
    editions : further words of a source's address (editions of the lists of venture firms and start-ups).
    came : is given every answer as it comes, so that an interrupted collection need not ask again.
    """

    def __init__(
        self,
        asker: Asker,
        number: str,
        *,
        today: date,
        names: Sequence[str] = (),
        corporate_number: str | None = None,
        remembered: Remembered = lambda operation, asked: None,
        editions: Mapping[str, str] | None = None,
        told: Told = lambda done, of, what: None,
        came: Came = lambda answer: None,
    ) -> None:
        self._came = came
        self._asker, self._number, self._today = asker, number, today
        self._names, self._corporate_number = tuple(names), corporate_number
        self._remembered, self._editions, self._told = remembered, dict(editions or {}), told
        self._answers: list[Kept] = []
        self._calls: dict[str, int] = {}
        self._reused: dict[str, int] = {}
        self._refused: dict[tuple[str, str], Answer] = {}
        self._lock = threading.Lock()

    def run(self) -> Collected:
        """Ask all sources there is access to, and return what they answered."""
        formatted = BusinessNumber(self._number).formatted
        self._at_once(
            lambda: self._ask(nts.STATUS, {}, {"b_no": [self._number]}),
            lambda: self._ask(kipris.APPLICANTS, {"BusinessRegistrationNumber": formatted}),
            lambda: self._ask(fsc.OUTLINE, {"bzno": self._number}),
        )
        self._told(1, 4, "numbers")
        self._resolve_corporation()
        self._resolve_filer()
        self._told(2, 4, "identity")
        identity = self._identity()
        self._at_once(
            lambda: self._statements(identity),
            lambda: self._summary(identity),
            lambda: self._rights(identity),
            lambda: self._workplaces(identity),
            lambda: self._named(ntis.PROJECTS, identity.names, ntis.query, _NTIS),
            lambda: self._certificates(identity),
            lambda: self._named(epo.SEARCH, identity.english_names, epo.query, _EPO),
            lambda: self._named(uspto.SEARCH, identity.english_names, uspto.query, _USPTO),
        )
        self._told(3, 4, "sources")
        identity, notices = identify(self._number, self._answers, self._names, self._corporate_number)
        gave = giving(self._answers, identity)
        reports = {source: self._report(source, source in gave) for source in load("sources")["sources"]}
        self._told(4, 4, "record")
        return Collected(identity, notices, tuple(self._answers), reports)

    def _identity(self) -> Identity:
        with self._lock:
            kept = list(self._answers)
        return identify(self._number, kept, self._names, self._corporate_number)[0]

    def _at_once(self, *steps: Callable[[], Any]) -> None:
        with ThreadPoolExecutor(len(steps)) as pool:
            for done in [pool.submit(step) for step in steps]:
                done.result()

    def _ask(self, operation: Operation, parameters: Mapping[str, str], body: Any = None) -> Answer | None:
        """Ask, or take an answer that is young enough; None without access, or where the company had its share.

        Keys are permitted operation by operation: one that was refused is not asked again for this company.
        """
        source = operation.source
        if not self._asker.has(source):
            return None
        with self._lock:
            refused = self._refused.get((source, operation.name))
        if refused is not None:
            return refused
        asked = normal_form({**parameters, **({} if body is None else {"body": normal_form(body)})})
        answer = self._remembered(operation, asked)
        with self._lock:
            if answer is not None:
                self._reused[source] = self._reused.get(source, 0) + 1
            elif self._calls.get(source, 0) >= load("sources")["sources"][source]["most_per_company"]:
                return None
            else:
                self._calls[source] = self._calls.get(source, 0) + 1
        if answer is None:
            answer = self._asker.ask(operation, parameters, body)
            self._came(answer)
        with self._lock:
            self._answers.append(Kept(f"{len(self._answers)}", answer))
            if answer.outcome == "not_permitted":
                self._refused[source, operation.name] = answer
        return answer

    def _resolve_corporation(self) -> None:
        """Find the corporation's outline by its number where the business number alone did not lead to it."""
        identity = self._identity()
        if any(fsc.rows(content, identity) for content in self._contents("fsc", "outline")):
            return
        if identity.corporate_number:
            self._ask(fsc.OUTLINE, {"crno": identity.corporate_number})
        elif identity.names:
            self._ask(fsc.OUTLINE, {"corpNm": identity.names[0]})

    def _resolve_filer(self) -> None:
        """Find the filer among those of the company's names by its numbers."""
        identity = self._identity()
        codes = self._ask(opendart.CODES, {}) if identity.names else None  # the list has names and no numbers
        if codes is None or codes.outcome != "found":
            return
        for code in opendart.candidates(opendart.filers(codes.content), identity.names):
            answer = self._ask(opendart.COMPANY, {"corp_code": code})
            if answer is None or answer.outcome not in ("found", "no_data"):
                return
            if opendart.is_company(answer.content, identity):
                return

    def _contents(self, source: str, operation: str) -> list[bytes]:
        with self._lock:
            return [
                one.answer.content
                for one in self._answers
                if (one.answer.source, one.answer.operation, one.answer.outcome) == (source, operation, "found")
            ]

    def _asked(self, operation: Operation) -> list[tuple[bytes, Mapping[str, str]]]:
        """Return what was answered to an operation, and to which question."""
        with self._lock:
            kept = list(self._answers)
        named = (operation.source, operation.name)
        return [
            (one.answer.content, one.asked)
            for one in kept
            if (one.answer.source, one.answer.operation) == named and one.answer.outcome == "found"
        ]

    def _statements(self, identity: Identity) -> None:
        if identity.dart_code is None:
            return
        months = [opendart.closing_month(content) for content in self._contents("opendart", "company")]
        for number, year in enumerate(range(self._today.year - 1, self._today.year - 1 - _REPORTS, -1)):
            of_year = {"corp_code": identity.dart_code, "bsns_year": str(year)}
            answer = None
            for scope in ("OFS", "CFS"):
                answer = self._ask(opendart.STATEMENTS, {**of_year, "fs_div": scope})
                if answer is None or answer.outcome != "no_data":
                    break
            if answer is None or answer.outcome not in ("found", "no_data"):
                return
            if answer.outcome == "no_data" or (number == 0 and any(month not in (None, 12) for month in months)):
                self._ask(opendart.MAIN_ACCOUNTS, of_year)

    def _summary(self, identity: Identity) -> None:
        if identity.corporate_number:
            self._ask(fsc.SUMMARY, {"crno": identity.corporate_number})
            self._ask(fsc.SUBSIDIARIES, {"crno": identity.corporate_number})

    def _rights(self, identity: Identity) -> None:
        """Ask for the company's rights, then, at the same time, for what a search does not say and for those abroad."""
        found: dict[str, kipris.Right] = {}
        for code in identity.applicant_codes:
            for page in range(1, _MOST_PAGES + 1):
                answer = self._ask(kipris.SEARCH, {"applicant": code, "pageNo": str(page)})
                if answer is None or answer.outcome != "found":
                    break
                found.update((right.application, right) for right in kipris.rights(answer.content))
                if page * kipris.PAGE_ROWS >= (kipris.total(answer.content) or 0):
                    break
            for operation in (kipris.DESIGNS, kipris.TRADEMARKS):
                self._ask(operation, {"applicant": code, "applicantName": code})
        rights = sorted(found.values(), key=lambda right: right.application[2:], reverse=True)
        self._at_once(lambda: self._details(rights), lambda: self._families(rights))

    def _details(self, rights: Sequence[kipris.Right]) -> None:
        """Ask what a search does not say of rights, what is rated first, so that a quota that ends leaves the rest out.

        Their ends, claims and citations first; then the register of ended rights whose events told no end, whether
        registered ones have ended since, and what the newest of them cite.
        """
        ended, gone, held, citing = [], [], [], []
        for right in rights:
            number = {"applicationNumber": right.application}
            if right.state in ("lapsed", "refused"):
                ended.append((kipris.LEGAL_STATUS, number))
            else:
                held.append((kipris.BIBLIOGRAPHY, number))
            if right.state == "registered":
                held.append((kipris.CITING, {"standardCitationApplicationNumber": right.application}))
                citing.append((kipris.CITATIONS, number))
        if not self._ask_all([*ended, *held]):
            return
        told = {
            value.path
            for content, asked in self._asked(kipris.LEGAL_STATUS)
            for value in kipris.legal_status(content, asked, Identity(self._number))
        }
        for right in rights:
            if right.state == "lapsed" and right.registration and f"ip.{right.application}.ended" not in told:
                named = {"registrationNumber": right.registration, "application": right.application}
                gone.append((kipris.REGISTRATION, named))
        later = [
            (kipris.LEGAL_STATUS, {"applicationNumber": right.application})
            for right in rights
            if right.state == "registered" and _may_have_lapsed(right, self._today)
        ]
        self._ask_all([*gone, *later, *citing[:_CITATIONS]])

    def _ask_all(self, wanted: Sequence[tuple[Operation, Mapping[str, str]]]) -> bool:
        """Ask many questions, a few at once, until a source breaks or gives no more; return whether all were asked.

        One that the key may not ask is left out (see ``_ask``), the others go on.
        """
        stopped = threading.Event()

        def one(question: tuple[Operation, Mapping[str, str]]) -> None:
            if stopped.is_set():
                return
            answer = self._ask(*question)
            if answer is None or answer.outcome in ("quota", "broken"):
                stopped.set()

        if wanted:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for done in [pool.submit(one, question) for question in wanted]:
                    done.result()
        return not stopped.is_set()

    def _workplaces(self, identity: Identity) -> None:
        for name in identity.names[:3]:
            wanted = {"wkplNm": name, "bzowrRgstNo": self._number[: nps.SHOWN_DIGITS]}
            listings = self._all_pages(nps.SITES, wanted, _NPS)
            if not listings or listings[0].outcome not in ("found", "no_data"):
                return
            named = [site for listing in listings for site in nps.sites(listing.content, identity)[0]]
            for site in named:
                self._ask(nps.SITE, {"seq": site.seq})
            if named:
                return

    def _all_pages(self, operation: Operation, parameters: Mapping[str, str], pages: _Pages) -> list[Answer]:
        """Ask for a list to its end, ``_MOST_PAGES`` pages at most; return the pages that came, and why no more did."""
        first = self._ask(operation, parameters)
        answers = [] if first is None else [first]
        for number in range(2, _MOST_PAGES + 1):
            last = answers[-1] if answers else None
            if first is None or last is None or last.outcome != "found":
                break
            if (number - 1) * pages.rows >= (pages.total(first.content) or 0):
                break
            further = self._ask(operation, {**parameters, **pages.page(number)})
            answers += [] if further is None else [further]
            if further is None:
                break
        return answers

    def _named(
        self,
        operation: Operation,
        names: Sequence[str],
        query: Callable[[str], Mapping[str, str]],
        pages: _Pages,
    ) -> None:
        for name in names[:2]:
            answers = self._all_pages(operation, query(name), pages)
            if not answers or answers[0].outcome != "no_data":
                return

    def _certificates(self, identity: Identity) -> None:
        lists = [(certificates.VENTURES, self._editions.get("ventures", certificates.EDITION))]
        lists += [(certificates.STARTUPS, self._editions["startups"])] if "startups" in self._editions else []
        for operation, edition in lists:
            self._named(operation, identity.names, functools.partial(_certified, edition), _CERTIFICATES)

    def _families(self, rights: Sequence[kipris.Right]) -> None:
        """Ask which rights abroad claim the priority of the company's newest own applications."""
        if not self._asker.has("epo"):
            return
        kept = [right for right in rights if right.state in ("registered", "pending")][:_FAMILIES]
        asked = [epo.family_of(right.application) for right in kept]
        self._ask_all([(epo.FAMILY, wanted) for wanted in asked if wanted is not None])

    def _report(self, source: str, gave: bool) -> SourceReport:
        own = [one.answer for one in self._answers if one.answer.source == source]
        if not self._asker.has(source):
            return SourceReport(source, "not_permitted", 0, 0, (("", "not_permitted", "no_key"),))
        failures = tuple(
            dict.fromkeys((a.operation, a.outcome, a.detail) for a in own if a.outcome not in ("found", "no_data"))
        )
        later = [answer.retry_at for answer in own if answer.retry_at is not None]
        if gave:
            outcome: Outcome | Literal["not_asked"] = "found"
        else:
            outcome = failures[0][1] if failures else ("no_data" if own else "not_asked")
        calls, reused = self._calls.get(source, 0), self._reused.get(source, 0)
        failing = [failure for failure in failures if failure[1] in ("broken", "quota")]
        if failing and not later:
            last = max(answer.at for answer in own)
            # as long as a source rests that broke again and again; a quota told by its source ends with the day
            day = f"day {last.astimezone(KOREA):%Y-%m-%d}"
            moment = failing[0][1] == "broken" or failing[0][2] in ("429", korean_portal.TOO_FAST)
            later = [last + REST if moment else period_end(day)]
        return SourceReport(source, outcome, calls, reused, failures, max(later, default=None))
