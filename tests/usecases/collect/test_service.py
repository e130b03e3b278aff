"""Collecting a company from the stand-ins: what comes, what is kept, choices, quotas, secrets, two sources down."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from people import token_of
from public_sources import GARAM, KEY, OPERATOR, OTHER, OWNER, sources_file
from sqlalchemy import text as sql
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.cli import main as command_line
from ktop.collect.limits import Limits, limits_of
from ktop.collect.parsing import PARSERS
from ktop.collect.stand_in.answers import Reply
from ktop.collect.stand_in.faults import SAID, FaultyServices
from ktop.collect.stand_in.services import Services
from ktop.collect.stand_in.travel import served
from ktop.collect.value import Value
from ktop.domain.company.record import Company
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.clock import today
from ktop.kernel.errors import ForbiddenError, InputError, NotFoundError
from ktop.kernel.settings import Settings
from ktop.store.identity import OrganisationRow
from ktop.usecases.collect.access import key_id, read_access
from ktop.usecases.collect.keeper import StoreKeeper
from ktop.web.app import create_app

#: Rights that the stand-ins know of the company: at home, designs and trademarks, abroad.
RIGHTS = len((*GARAM.rights, *GARAM.designs, *GARAM.trademarks, *GARAM.abroad))


@pytest.fixture(autouse=True)
def _no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stand-ins be asked as fast as they answer."""
    monkeypatch.setattr("ktop.usecases.collect.asking.limits_of", lambda source: Limits())


class FailingServices(Services):
    """Stand-ins of which some are down."""

    down: frozenset[str] = frozenset()

    def reply(self, path: str, query: object, headers: object, body: bytes) -> Reply:
        if path.split("/")[1] in self.down:
            return Reply(503, "text/html", b"<html>service unavailable</html>")
        return super().reply(path, query, headers, body)  # type: ignore[arg-type]


def test_a_company_is_collected_confirmed_corrected_and_saved(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = house.collect.collect(OWNER, GARAM.business_number, made_up=True)
    record = Company.from_mapping(found.record)
    assert (record.name, record.founded) == (GARAM.name, GARAM.founded)
    assert record.corporate_number is not None and record.corporate_number.replace("-", "") == GARAM.corporate_number
    assert [one.krw("sales") for one in record.statements or ()] == [a[0] for a in GARAM.amounts.values()]
    assert len(record.ip or ()) == RIGHTS, "rights abroad are joined by their priority"
    by_number = {right.number: right for right in record.ip or ()}
    ended = {right.application: right.ended for right in GARAM.rights if right.ended}
    assert {number: right.ended for number, right in by_number.items() if right.ended} == ended
    assert {by_number[number].status for number in ended} == {"lapsed"}
    newest = [right for right in reversed(GARAM.rights) if right.state == "등록"][:10]
    assert all(by_number[right.application].cites == right.claims % 4 for right in newest), "a document counts once"
    assert sum(right.cited_by or 0 for right in record.ip or ()) == sum(
        right.cited_by for right in GARAM.rights if right.state == "등록"
    )
    assert record.staff is not None and {count.total for count in record.staff} == {GARAM.staff}
    assert record.rnd_projects is None and found.questions, "projects found by name alone wait for a person"
    assert {"path": "founded", "source": "opendart"}.items() <= next(
        entry for entry in found.record["sources"] if entry["path"] == "founded"
    ).items()

    entries = sorted({".".join(one.value.path.split(".")[:2]) for one in found.questions})
    found = house.collect.confirm(OWNER, found.id, [*entries, "founded"])
    assert len(found.record["rnd_projects"]) == len(GARAM.projects) and not found.questions
    assert found.values["founded"].state == "confirmed"

    with pytest.raises(InputError, match="reason_needed"):
        house.collect.correct(OWNER, found.id, "industry", "C27212", " ")
    found = house.collect.correct(OWNER, found.id, "industry", "C27212", "주력 품목이 바뀌었습니다.")
    merged = found.values["industry"]
    assert (merged.value, merged.state, merged.stated[0].value.value) == ("C27212", "corrected", "27213")
    assert found.record["industry"] == "C27212"

    right = f"ip.{GARAM.rights[0].application}"
    with pytest.raises(InputError, match="entry_whole"):
        house.collect.correct(OWNER, found.id, right, "patent", "x")
    found = house.collect.correct(OWNER, found.id, right, "", "2025년에 넘긴 특허입니다.")
    assert len(found.record["ip"]) == RIGHTS - 1 and not [path for path in found.values if path.startswith(f"{right}.")]
    assert len(house.collect.confirm(OWNER, found.id, [right]).record["ip"]) == RIGHTS, "and taken back"
    with pytest.raises(NotFoundError):
        house.collect.correct(OWNER, found.id, "ip.1020990000001", "", "nobody's")

    again = house.collect.collect(OWNER, GARAM.business_number, made_up=True)
    assert again.record["industry"] == "C27212", "collecting again overwrites no correction"
    assert sum(report.calls for report in again.reports.values()) == 0, "answers are read again while young"

    kept = house.collect.save(OWNER, again.id)
    (version,) = house.portfolio.records_of(OWNER, kept.id)
    assert version.record["industry"] == "C27212"

    with monkeypatch.context() as later:
        later.setitem(PARSERS, ("opendart", "company"), lambda *_: [Value("region", "KR-11")])
        mended = house.collect.collection(OWNER, found.id).values["region"]
    assert (mended.value, mended.source) == ("KR-11", "opendart"), "kept answers are read anew"

    answer = merged.stated[0].answer
    payload = house.collect.payload(OWNER, answer)
    assert b'"induty_code": "27213"' in payload.content
    assert payload.answer.sha256 == next(one.sha256 for one in found.answers if one.id == answer)
    with pytest.raises(NotFoundError):
        house.collect.payload(OTHER, answer)
    with pytest.raises(NotFoundError):
        house.collect.collection(OTHER, found.id)
    assert house.collect.collections(OTHER) == []
    with pytest.raises(ForbiddenError):
        house.collect.sources(OWNER)


def test_what_sources_state_is_evidence_and_what_a_firm_writes_is_its_word(house: House) -> None:
    found = house.collect.collect(OWNER, GARAM.business_number, made_up=True)
    found = house.collect.correct(OWNER, found.id, "founded", "2014-03-13", "등기부와 다릅니다.")
    kept = house.collect.save(OWNER, found.id)
    said = "evidenced"
    record = dict(house.portfolio.records_of(OWNER, kept.id)[0].record)

    def statuses(of: dict[str, Any], actor: Actor = OWNER) -> dict[str, str | None]:
        ratings = house.companies.rate_possible(actor, of, today(), ["tech-index"]).ratings
        return {one.name: one.status for one in ratings[0].inputs}

    stands = statuses(record)
    assert stands["sales_krw_t0"] == stands["patents_registered"] == stands["staff_total"] == said
    assert stands["certifications_valid"] == said, "the list of venture firms names the business number"
    assert stands["age_years"] is None, "a correction is the firm's word"
    other = {**record, "statements": [{**one, "sales": 9_999_999_999} for one in record["statements"]]}
    assert statuses(other)["sales_krw_t0"] is None and statuses(other)["patents_registered"] == said
    assert set(statuses(record, OTHER).values()) == {None}, "what another organisation collected proves nothing"
    forged = {**record, "ip": record["ip"][:1], "source_status": said}
    assert statuses(forged)["patents_registered"] is None and statuses(forged)["ceo_degree"] is None


def test_what_comes_by_numbers_and_names_a_firm_gives_is_no_evidence(house: House) -> None:
    own, number = "101-00-55512", GARAM.corporate_number
    found = house.collect.collect(OWNER, own, names=[GARAM.name], corporate_number=number, made_up=True)
    entries = sorted({".".join(one.value.path.split(".")[:2]) for one in found.questions})
    found = house.collect.confirm(OWNER, found.id, entries)
    assert found.record["statements"] and found.record["rnd_projects"], "another firm's, taken for its own"
    kept = house.collect.save(OWNER, found.id)
    record = house.portfolio.records_of(OWNER, kept.id)[0].record
    (rating,) = house.companies.rate_possible(OWNER, record, today(), ["tech-index"]).ratings
    assert {one.status for one in rating.inputs} == {None}


def test_with_two_sources_down_the_rest_arrives_and_says_what_is_missing(house: House, tmp_path: Path) -> None:
    services = FailingServices(today(), KEY)
    services.down = frozenset({"kipris", "nps"})
    with served(services) as address:
        path = sources_file(tmp_path, address)
        found = house.collect.collect(OWNER, GARAM.business_number, sources=path)
        assert found.reports["kipris"].outcome == "broken" and found.reports["nps"].outcome == "broken"
        assert "ip" not in found.record
        assert len(found.record["statements"]) == 3 and found.record["credit"] == {"business_suspended": False}
        services.down = frozenset()
        again = house.collect.collect(OWNER, GARAM.business_number, sources=path)
    assert len(again.record["ip"]) == RIGHTS


def test_what_a_key_may_not_ask_leaves_the_rest(house: House, tmp_path: Path) -> None:
    """Keys are permitted operation by operation: one that is refused is asked for a few times, the others go on."""

    class Partly(Services):
        refused = 0

        def reply(self, path: str, query: Any, headers: Any, body: bytes) -> Reply:
            if path.endswith(("citingInfo", "BasicInfo")):
                self.refused += 1
                return SAID["kipris"]["refused"]
            return super().reply(path, query, headers, body)

    services = Partly(today(), KEY)
    with served(services) as address:
        found = house.collect.collect(OWNER, GARAM.business_number, sources=sources_file(tmp_path, address))
    record = Company.from_mapping(found.record)
    assert all(
        right.claims for right in record.ip or () if right.status == "registered" and (right.number or "")[:2] == "10"
    )
    assert all(right.ended for right in record.ip or () if right.status == "lapsed"), "the register tells it, too"
    assert {right.cited_by for right in record.ip or ()} == {None}, "what was not answered is missing, not none"
    report = found.reports["kipris"]
    assert report.outcome == "found" and services.refused <= 8
    assert {(name, outcome) for name, outcome, _ in report.failures} == {
        ("citing", "not_permitted"),
        ("legal_status", "not_permitted"),
    }


def test_outcomes_stay_apart(house: House, tmp_path: Path) -> None:
    with served(Services(today(), KEY)) as address:
        path = sources_file(tmp_path, address, "another-key")
        found = house.collect.collect(OWNER, GARAM.business_number, names=[GARAM.name], sources=path)
        outcomes = {source: report.outcome for source, report in found.reports.items()}
        assert {outcomes[source] for source in ("kipris", "fsc", "opendart", "nts")} == {"not_permitted"}
        nobody = house.collect.collect(OWNER, "101-00-55512", sources=sources_file(tmp_path, address))
        told = {source: report.outcome for source, report in nobody.reports.items()}
        assert told["opendart"] == "not_asked", "its list has names and no numbers"
        assert (told["kipris"], told["fsc"], told["nts"], told["nps"]) == ("no_data",) * 3 + ("not_asked",)
    assert set(nobody.record) == {"business_number", "name", "sources"}
    assert "collect.name_needed" in [notice.key for notice in nobody.notices]


def test_no_key_stands_anywhere_after_a_full_run(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Logs, errors, pages, the API, the terminal, the database with its jobs and messages, and all files kept."""
    caplog.set_level(logging.DEBUG)

    class Repeating(FaultyServices):
        """Sources that repeat what they were asked, as some do in their errors."""

        def reply(self, path: str, query: Any, headers: Any, body: bytes) -> Reply:
            told = super().reply(path, query, headers, body)
            return replace(told, content=told.content + f"<!-- {query} {headers} -->".encode())

    services = Repeating(today(), KEY, {"fsc": "failed", "nps": "refused", "uspto": "down"})
    with served(services) as address:
        path = sources_file(tmp_path, address)
        settings = Settings(solo=True, data=tmp_path / "data", sources=path)
        house = House(settings)
        visit = TestClient(create_app(settings, house))
        begun = house.collect.begin(LOCAL_OWNER, GARAM.business_number)
        (job,) = house.work.take(INSTALLATION, "worker", 1)
        house.work.do(INSTALLATION, job, lambda: None)
        found = house.collect.collection(LOCAL_OWNER, begun.id)
        token = token_of(visit.get("/collect").text)
        for source in ("kipris", "fsc", "epo"):
            visit.post(f"/sources/{source}/try", data={"csrf": token})
        arguments = ["collect", "company", "--business-number", GARAM.business_number, "--sources", str(path)]
        monkeypatch.setattr("sys.argv", ["ktop", *arguments, "--out", str(tmp_path / "out.json"), "--json"])
        command_line(settings, House)
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(f"kipris: {{key: '{KEY}', adress: x}}")
        with pytest.raises(InputError) as refused:
            house.collect.collect(LOCAL_OWNER, GARAM.business_number, sources=wrong)
    assert found.reports["kipris"].calls > 0 and found.reports["fsc"].failures
    answers = [one.id for one in found.answers if one.operation in ("search", "outline", "projects", "company")]
    pages = ["/collect", f"/collect/{begun.id}", "/sources", f"/jobs/{job.id}", "/jobs"]
    pages += [f"/collect/answers/{one}" for one in answers[:8]]
    pages += ["/api/v1/collections", f"/api/v1/collections/{begun.id}", "/api/v1/sources", f"/api/v1/jobs/{job.id}"]
    shown = [visit.get(one) for one in (*pages, *(f"/api/v1/collected-answers/{one}" for one in answers[:4]))]
    assert all(page.status_code == 200 for page in shown)
    written = capfd.readouterr()
    texts = [caplog.text, written.out, written.err, str(refused.value), repr(refused.value)]
    texts += [page.text + str(page.headers) for page in shown]
    texts += [str(row) for row in _every_row(house)]
    kept = [one for one in (tmp_path / "data").rglob("*") if one.is_file()] + [tmp_path / "out.json"]
    texts += [one.read_bytes().decode("utf-8", "replace") for one in kept]
    assert len(texts) > 300 and any("[key]" in one for one in texts), "what repeated the key was kept without it"
    for text in texts:
        for form in (KEY, quote(KEY, safe=""), quote(KEY), base64.b64encode(f"{KEY}:{KEY}".encode()).decode()):
            assert form not in text
    house._store().engine.dispose()


def _every_row(house: House) -> list[object]:
    rows: list[object] = []
    with house._store().engine.connect() as connection:
        names = connection.execute(sql("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        for name in names:
            for row in connection.execute(sql(f'SELECT * FROM "{name}"')):
                rows.append(tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in row))
    return rows


def test_a_quota_is_never_exceeded_over_workers_and_restarts(house: House) -> None:
    ids, limits, now = {"kipris": "kipris:test"}, Limits(month=57), datetime(2026, 6, 30, 3, tzinfo=UTC)
    given, keepers = 0, [StoreKeeper(house._store, ids) for _ in range(3)]
    for turn in range(120):
        if turn == 40:
            keepers[0] = StoreKeeper(house._store, ids)  # a worker was killed with what it held
        if turn == 60:
            keepers[1].close()  # and one ended in order
        leave = keepers[turn % 3].take("kipris", limits, now)
        given += leave.given
        if not leave.given:
            assert (leave.why, leave.until) == ("quota", datetime(2026, 6, 30, 15, tzinfo=UTC))
    assert given <= 57
    for keeper in keepers:
        keeper.close()
    assert StoreKeeper(house._store, ids).take("kipris", limits, datetime(2026, 6, 30, 15, tzinfo=UTC)).given


def test_calls_after_a_pause_are_made_at_once_and_then_by_the_second(house: House) -> None:
    limits, now = Limits(second=2, burst=20), datetime(2026, 6, 30, 3, tzinfo=UTC)

    def waits(calls: int, at: datetime) -> list[float]:
        keepers = [StoreKeeper(house._store, {"epo": "epo:test"}) for _ in range(2)]
        found = [keepers[turn % 2].take("epo", limits, at).wait_seconds for turn in range(calls)]
        for keeper in keepers:
            keeper.close()
        return found

    first = waits(40, now)
    assert sum(wait == 0 for wait in first) >= 20 and max(first) < 40 / 2
    assert min(waits(4, now)) > 0, "what others began counts"
    assert max(waits(8, now + timedelta(minutes=2))) == 0


def test_one_organisation_leaves_half_of_a_quota_to_the_others(house: House) -> None:
    ids, limits, now = {"kipris": "kipris:test"}, Limits(month=40), datetime(2026, 6, 30, 3, tzinfo=UTC)

    def taken(tenant: str) -> tuple[int, str]:
        keeper, given = StoreKeeper(house._store, ids, tenant, 0.5), 0
        while (leave := keeper.take("kipris", limits, now)).given:
            given += 1
        keeper.close()
        return given, leave.why

    assert [taken(one) for one in ("a", "a", "b", "c")] == [(20, "share"), (0, "share"), (20, "quota"), (0, "quota")]
    with house._store().installation(reading=True) as work:
        assert work.sources.uses(["month 2026-06"]) == {"kipris:test": {"month 2026-06": {"a": 20, "b": 20}}}


def test_a_registration_is_validated_and_nobodys_name_is_kept(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = house.collect.collect(OWNER, GARAM.business_number, made_up=True)
    assert made.validated is None
    for name, right in (("가상인", True), ("홍길동", False)):
        told = house.collect.validate(OWNER, made.id, GARAM.founded, name).validated
        assert told is not None and (told.right, told.outcome, len(told.digest)) == (right, "found", 64)
    with pytest.raises(InputError):
        house.collect.validate(OWNER, made.id, GARAM.founded, " ")
    with pytest.raises(NotFoundError):
        house.collect.validate(OTHER, made.id, GARAM.founded, "가상인")
    with house._store().installation(reading=True) as work:
        rows = work.connection.execute(sql("SELECT details FROM audit_events WHERE action = 'company.validated'")).all()
        kept = [
            work.connection.execute(sql(f"SELECT * FROM {t}")).all()
            for t in ("audit_events", "outbox", "collections", "collected_answers")
        ]
    assert len(rows) == 2 and "홍길동" not in f"{kept}{caplog.text}" and "\\ud64d" not in str(kept)


def test_a_source_that_fails_again_and_again_is_left_alone_for_a_while(house: House) -> None:
    keeper, now = StoreKeeper(house._store, {}), datetime(2026, 6, 30, 3, tzinfo=UTC)
    for _ in range(5):
        assert keeper.take("ntis", Limits(day=100), now).given
        keeper.note("ntis", "broken", "503", now)
    resting = keeper.take("ntis", Limits(day=100), now)
    assert not resting.given and resting.why == "resting" and resting.until is not None
    assert keeper.take("ntis", Limits(day=100), resting.until).given


def test_the_operator_sees_and_tries_sources(house: House, tmp_path: Path) -> None:
    states = house.collect.sources(OPERATOR)
    assert [state.source for state in states][:2] == ["kipris", "fsc"] and not any(s.has_key for s in states)
    with pytest.raises(NotFoundError):
        house.collect.try_source(OPERATOR, "nowhere")
    keys = sources_file(tmp_path, "http://sources.invalid")
    keeper = StoreKeeper(house._store, {"kipris": key_id("kipris", read_access(keys)[0]["kipris"])}, "firm", 0.5)
    assert keeper.take("kipris", limits_of("kipris"), datetime.now(UTC)).given
    keeper.close()
    with house._store().installation() as work:
        row = OrganisationRow("firm", "company", "가나(가상)", "Gana (made-up)", "active", datetime.now(UTC))
        work.identity.add_organisation(row)
    house._public_sources._file = keys
    (used,) = house.collect.sources(OPERATOR)[0].organisations
    assert (used.organisation, used.name, used.calls) == ("firm", {"ko": "가나(가상)", "en": "Gana (made-up)"}, 1)


def test_a_job_collects_in_the_background(house: House) -> None:
    begun = house.collect.begin(LOCAL_OWNER, GARAM.business_number, made_up=True)
    assert begun.state == "running" and begun.record == {}
    (job,) = house.work.take(INSTALLATION, "worker", 1)
    house.work.do(INSTALLATION, job, lambda: None)
    found = house.collect.collection(LOCAL_OWNER, begun.id)
    assert (found.state, found.record["name"]) == ("done", GARAM.name)
    assert house.jobs.job(LOCAL_OWNER, job.id).state == "done"
