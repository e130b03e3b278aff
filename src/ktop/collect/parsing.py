"""Reads kept answers anew: who the company is, and what every answer states. Pure, so a better parser re-reads all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ktop.collect import certificates, epo, fsc, kipris, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import Answer
from ktop.collect.merging import Stated
from ktop.collect.payload import digits, text
from ktop.collect.value import Identity, Parser, Value, plain_name

PARSERS: Mapping[tuple[str, str], Parser] = {
    ("opendart", "company"): opendart.company,
    ("opendart", "statements"): opendart.statements,
    ("opendart", "main_accounts"): opendart.year_ends,
    ("fsc", "outline"): fsc.outline,
    ("fsc", "summary"): fsc.summary,
    ("nts", "status"): nts.status,
    ("kipris", "applicants"): kipris.applicant,
    ("kipris", "search"): kipris.search,
    ("kipris", "designs"): kipris.search,
    ("kipris", "trademarks"): kipris.search,
    ("kipris", "bibliography"): kipris.bibliography,
    ("kipris", "citing"): kipris.citing,
    ("kipris", "registration"): kipris.registration,
    ("kipris", "citations"): kipris.citations,
    ("kipris", "legal_status"): kipris.legal_status,
    ("ntis", "projects"): ntis.projects,
    ("certificates", "ventures"): certificates.ventures,
    ("epo", "search"): epo.search,
    ("epo", "family"): epo.family,
    ("uspto", "search"): uspto.search,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer with the identifier that it is kept under."""

    id: str
    answer: Answer

    @property
    def asked(self) -> Mapping[str, str]:
        """The parameters of the question."""
        found: Mapping[str, str] = json.loads(self.answer.asked)
        return found


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should look at: the key and the values of its sentence."""

    key: str
    params: Mapping[str, Any]


def identify(
    business_number: str, kept: Sequence[Kept], names: Sequence[str] = (), corporate_number: str | None = None
) -> tuple[Identity, tuple[Notice, ...]]:
    """Return the numbers that answers give for a business number, and what does not go together.

    Every step leads from number to number; a name only narrows a list whose entries are then held against the numbers.
    """
    bare = Identity(business_number, names=tuple(names))
    numbers: dict[str, set[str]] = {"user": {corporate_number} if corporate_number else set()}
    known_as, english, codes, darts = list(names), list[str](), list[str](), list[str]()
    for one in kept:
        answer = one.answer
        if answer.outcome != "found":
            continue
        if (answer.source, answer.operation) == ("kipris", "applicants"):
            for applicant in kipris.applicants(answer.content, bare):
                codes.append(applicant.code)
                known_as += [applicant.name] if applicant.name else []
                if applicant.corporate_number:
                    numbers.setdefault("kipris", set()).add(applicant.corporate_number)
    own = replace(bare, corporate_number=_only(numbers, ("user", "kipris")))
    for one in kept:
        answer = one.answer
        if answer.outcome != "found":
            continue
        if (answer.source, answer.operation) == ("fsc", "outline"):
            for row in reversed(fsc.rows(answer.content, bare) or fsc.rows(answer.content, own)):
                known_as += [name] if (name := text(row, "corpNm")) else []
                english += [name] if (name := text(row, "corpEnsnNm")) else []
                if (registered := digits(row, "crno", length=13)) is not None:
                    numbers.setdefault("fsc", set()).add(registered)
        if (answer.source, answer.operation) == ("opendart", "company") and opendart.is_company(answer.content, own):
            darts.append(one.asked.get("corp_code", ""))
            for value in opendart.company(answer.content, one.asked, own):
                if value.path == "name":
                    known_as.append(str(value.value))
                elif value.path == "name_en":
                    english.append(str(value.value))
                elif value.path == "corporate_number":
                    numbers.setdefault("opendart", set()).add(str(value.value))
    found = Counter(number for several in numbers.values() for number in several)
    notices = []
    if len(found) > 1:
        told = ", ".join(f"{source} {number}" for source, several in numbers.items() for number in sorted(several))
        notices.append(Notice("collect.corporate_numbers_differ", {"numbers": told}))
    if len(set(codes)) > 1:
        notices.append(Notice("collect.several_applicant_codes", {"codes": ", ".join(sorted(set(codes)))}))
    if len(set(darts)) > 1:
        notices.append(Notice("collect.several_dart_codes", {"codes": ", ".join(sorted(set(darts)))}))
    identity = Identity(
        business_number,
        _only(numbers, ("user", "fsc", "opendart", "kipris")),
        darts[0] if darts else None,
        tuple(dict.fromkeys(codes)),
        _distinct(known_as),
        _distinct(english),
    )
    if not identity.names:
        notices.append(Notice("collect.name_needed", {}))
    if len(identity.names) > 1:
        notices.append(Notice("collect.several_names", {"names": ", ".join(identity.names)}))
    return identity, tuple(notices)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names that differ by more than legal form and spaces, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(plain_name(name), name)
    return tuple(first.values())


def _only(numbers: Mapping[str, set[str]], order: Sequence[str]) -> str | None:
    """Return the corporate number of the first source that gives exactly one."""
    return next((next(iter(numbers[source])) for source in order if len(numbers.get(source, ())) == 1), None)


def states(kept: Sequence[Kept], identity: Identity) -> tuple[list[Stated], list[Notice]]:
    """Return every value that the answers state of the company, and what a person should look at."""
    found: list[Stated] = []
    notices: list[Notice] = []
    for one in kept:
        answer = one.answer
        parser = PARSERS.get((answer.source, answer.operation))
        # "no data" is an answer, too: that nobody cites a patent is told by an answer without entries
        if answer.outcome not in ("found", "no_data"):
            continue
        for value in parser(answer.content, one.asked, identity) if parser else ():
            found.append(Stated(value, answer.source, one.id, answer.at))
        if (answer.source, answer.operation) == ("opendart", "company"):
            month = opendart.closing_month(answer.content) if opendart.is_company(answer.content, identity) else None
            if month not in (None, 12):
                notices.append(Notice("collect.other_fiscal_year", {"month": month}))
        if (answer.source, answer.operation) == ("nts", "status"):
            notices += _state_of_business(answer.content, identity)
        if (reader := _CURRENCIES.get((answer.source, answer.operation))) and (foreign := reader(answer.content)):
            told_of = Notice("collect.foreign_currency", {"currencies": ", ".join(sorted(foreign))[:40]})
            notices += [told_of] if told_of not in notices else []
        if (answer.source, answer.operation) == ("fsc", "subsidiaries"):
            names = fsc.subsidiaries(answer.content, identity)
            shown = {"names": ", ".join(names[:5]), "count": len(names)}
            notices += [Notice("collect.subsidiaries", shown)] if names else []
        if (answer.source, answer.operation) == ("certificates", "startups"):
            until = certificates.startup_until(answer.content, identity)
            notices += [Notice("collect.startup_certificate", {"until": until.isoformat()})] if until else []
    pension, told = _pension(kept, identity)
    found += pension
    return found, notices + told


_CURRENCIES = {
    ("opendart", "statements"): opendart.foreign_currencies,
    ("opendart", "main_accounts"): opendart.foreign_currencies,
    ("fsc", "summary"): fsc.foreign_currencies,
}


def _state_of_business(content: bytes, identity: Identity) -> list[Notice]:
    ended = nts.ended(content, identity)
    if ended is None:
        return []
    state, since = ended
    if since is None or state == "unregistered":
        return [Notice(f"collect.business_{state}", {})]
    return [Notice(f"collect.business_{state}_since", {"since": since.isoformat()})]


def giving(kept: Sequence[Kept], identity: Identity) -> frozenset[str]:
    """Return the sources that say anything of the company; an answer about others says nothing."""
    told = {one.source for one in states(kept, identity)[0]}
    certified = ("certificates", "startups")
    if any(
        (one.answer.source, one.answer.operation) == certified
        and certificates.startup_until(one.answer.content, identity)
        for one in kept
    ):
        told.add("certificates")
    return frozenset(told)


def _pension(kept: Sequence[Kept], identity: Identity) -> tuple[list[Stated], list[Notice]]:
    """Return the head-count over all workplaces; none where one of them, or a page of them, was not answered."""
    lists = [one for one in kept if (one.answer.source, one.answer.operation) == ("nps", "sites")]
    lists = [one for one in lists if one.answer.outcome == "found"]
    if not lists:
        return [], []
    details = {
        one.asked.get("seq"): one for one in kept if (one.answer.source, one.answer.operation) == ("nps", "site")
    }
    name = lists[-1].asked.get("wkplNm")
    lists = [one for one in lists if one.asked.get("wkplNm") == name]  # the pages of the last name asked for
    listing = lists[0]
    named, others = [], []
    for one in lists:
        its, foreign = nps.sites(one.answer.content, identity)
        named += its
        others += foreign
    notices = []
    if sum(nps.rows(one.answer.content) for one in lists) < (nps.total(listing.answer.content) or 0):
        notices.append(Notice("collect.workplaces_incomplete", {}))
        return [], notices  # part of the people would look like all of them
    if others:
        told = {"sites": ", ".join(sorted({site.name for site in others})[:5]), "count": len(others)}
        notices.append(Notice("collect.other_workplaces", told))
    if not named:
        return [], notices
    counts = [
        nps.insured(details[site.seq].answer.content)
        if site.seq in details and details[site.seq].answer.outcome == "found"
        else None
        for site in named
    ]
    values: list[Value] = nps.staff(counts, named[0].month)
    return [Stated(value, "nps", listing.id, listing.answer.at) for value in values], notices
