"""Every endpoint answers as its adapter expects: the stand-in's always, the real one's where somebody names keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ktop.collect import certificates, epo, fsc, kipris, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import Operation
from ktop.collect.asking import Access, Asker
from ktop.collect.limits import Leave, Limits
from ktop.collect.stand_in.services import Services
from ktop.collect.stand_in.travel import accesses, transport
from ktop.usecases.collect.access import read_access
from ktop.usecases.collect.trying import PROBES

#: Numbers that nobody has: whoever answers that there is nothing answers.
NOBODY, CORPORATION, RIGHT, FILER = "1010000018", "1101000000012", "1020990000001", "99999999"
CUSTOMER = "999999999999"
Question = tuple[Operation, Mapping[str, str], Any]
#: Source → all that is ever asked of it, beside the small question that the operator's page asks.
ASKED: Mapping[str, tuple[Question, ...]] = {
    "kipris": (
        (kipris.SEARCH, {"applicant": CUSTOMER, "pageNo": "1"}, None),
        (kipris.DESIGNS, {"applicant": CUSTOMER, "applicantName": CUSTOMER}, None),
        (kipris.TRADEMARKS, {"applicant": CUSTOMER, "applicantName": CUSTOMER}, None),
        (kipris.BIBLIOGRAPHY, {"applicationNumber": RIGHT}, None),
        (kipris.CITATIONS, {"applicationNumber": RIGHT}, None),
        (kipris.CITING, {"standardCitationApplicationNumber": RIGHT}, None),
        (kipris.LEGAL_STATUS, {"applicationNumber": RIGHT}, None),
        (kipris.REGISTRATION, {"registrationNumber": "1099999990000", "application": RIGHT}, None),
    ),
    "fsc": ((fsc.SUMMARY, {"crno": CORPORATION}, None), (fsc.SUBSIDIARIES, {"crno": CORPORATION}, None)),
    "opendart": (
        (opendart.CODES, {}, None),
        (opendart.STATEMENTS, {"corp_code": FILER, "bsns_year": "2024", "fs_div": "OFS"}, None),
        (opendart.MAIN_ACCOUNTS, {"corp_code": FILER, "bsns_year": "2024"}, None),
    ),
    "nts": ((nts.VALIDATION, {}, nts.validation(NOBODY, date(2020, 1, 2), "가상인")),),
    "nps": ((nps.SITE, {"seq": "0"}, None),),
    "ntis": ((ntis.PROJECTS, {**ntis.query("ktop"), **ntis.page(2)}, None),),
    "certificates": ((certificates.STARTUPS, {"edition": "{startups}", "cond[업체명::EQ]": "ktop"}, None),),
    "epo": ((epo.FAMILY, {"number": "KR.20990000001.A"}, None),),
    "uspto": ((uspto.SEARCH, {**uspto.query("ktop"), **uspto.page(2)}, None),),
}


class Unlimited:
    """A few calls are within every quota."""

    def take(self, key: str, limits: Limits, now: datetime) -> Leave:
        return Leave(True)

    def note(self, key: str, outcome: str, detail: str, now: datetime) -> None:
        """Nothing is remembered."""


def answers(asker: Asker, source: str, editions: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return operation → outcome and detail of all that a source is asked for."""
    found = {}
    for operation, parameters, body in (PROBES[source], *ASKED[source]):
        asked = {name: editions.get("startups", "") if one == "{startups}" else one for name, one in parameters.items()}
        if "edition" in asked and not asked["edition"]:
            continue  # an installation that names no edition never asks for it
        answer = asker.ask(operation, asked, body)
        found[operation.name] = answer.outcome, answer.detail
    asker.close()
    return found


@pytest.mark.parametrize("source", PROBES)
def test_every_endpoint_of_a_stand_in_answers(source: str) -> None:
    asker = Asker(accesses(), Unlimited(), transport(Services(date(2026, 6, 30))))
    for operation, (outcome, detail) in answers(asker, source, {"startups": "made-up"}).items():
        assert outcome in ("found", "no_data"), (operation, outcome, detail)


@pytest.mark.parametrize("source", PROBES)
def test_a_real_source_answers(source: str) -> None:
    named = os.environ.get("KTOP_REAL_SOURCES")
    if not named:
        pytest.skip("set KTOP_REAL_SOURCES to a file of keys to ask the real public sources (docs/collection.md)")
    known: Mapping[str, Access]
    known, editions = read_access(Path(named))
    if source not in known:
        pytest.skip(f"the file of keys has none for {source}")
    told = answers(Asker(known, Unlimited()), source, editions)
    refused = {name for name, (outcome, _) in told.items() if outcome == "not_permitted"}
    probe = PROBES[source][0].name
    assert probe not in refused, told[probe]
    broken = {name: one for name, one in told.items() if one[0] not in ("found", "no_data", "not_permitted")}
    assert not broken, "what a key may not ask is left out by collections, everything else has to answer"
