"""What an organisation keeps: versions of records, drafts, search, and ratings that point to what they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.errors import ChangedError, ForbiddenError, InputError, NotFoundError

BANK = Actor("user-bank", "ibk", frozenset({"bank_officer"}))
OTHER = Actor("user-other", "shinhan", frozenset({"bank_officer"}))
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "companies" / "hanbit-motion.yaml"
NUMBERS = [BusinessNumber.invented(serial).digits for serial in (11, 12)]
RECORD: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())


def test_what_was_known_when_is_kept_in_versions(house: House) -> None:
    kept = house.portfolio.save_company(BANK, RECORD)
    assert house.portfolio.save_company(BANK, {**RECORD, "name": "한빛모션 주식회사"}).id == kept.id
    versions = house.portfolio.records_of(BANK, kept.id)
    assert [(version.number, version.given_by, version.draft) for version in versions] == [
        (2, "user-bank", False),
        (1, "user-bank", False),
    ]
    assert versions[1].record["name"] == RECORD["name"] and versions[1].known_at < versions[0].known_at
    newest = house.portfolio.kept_company(BANK, kept.id)
    assert (newest.name, newest.name_en) == ("한빛모션 주식회사", RECORD["name_en"])
    house.portfolio.edit_company(BANK, kept.id, newest.version, name=newest.name, note="봄")
    assert house.portfolio.kept_companies(BANK, search="hanbit").items[0].name_en == RECORD["name_en"]
    called = house.portfolio.edit_company(BANK, kept.id, newest.version + 1, name="빛나는 곳")
    assert called.name_en is None, "the record's is of another name"


def test_a_draft_is_overwritten_is_never_rated_and_ends_with_a_version(house: House) -> None:
    draft = house.portfolio.save_draft(BANK, {"name": "한빛", "sales": "아직 모름"})
    house.portfolio.save_draft(BANK, {"name": "한빛 2"}, draft.id)
    (only,) = house.portfolio.records_of(BANK, draft.id)
    assert only.draft and only.record == {"name": "한빛 2"}
    with pytest.raises(InputError, match="only_a_draft"):
        house.portfolio.rate_kept_company(BANK, draft.id, None)
    house.portfolio.save_company(BANK, RECORD, draft.id)
    assert [version.number for version in house.portfolio.records_of(BANK, draft.id)] == [1]
    house.portfolio.save_draft(BANK, {"name": "한빛 3"}, draft.id)
    assert [version.number for version in house.portfolio.records_of(BANK, draft.id)] == [0, 1]


def test_a_rating_points_to_the_company_that_is_kept(house: House) -> None:
    kept = house.portfolio.save_company(BANK, RECORD)
    made = house.portfolio.rate_kept_company(BANK, kept.id, None)
    with house._store().reading(BANK) as unit:
        assert unit.ratings.get(made.id).company == kept.id


def test_nothing_wrong_is_kept_as_a_version(house: House) -> None:
    with pytest.raises(InputError):
        house.portfolio.save_company(BANK, {**RECORD, "founded": "soon"})
    assert house.portfolio.kept_companies(BANK).items == []
    kept = house.portfolio.save_company(BANK, {"name": "가온", "business_number": NUMBERS[0]})
    with pytest.raises(InputError, match="other_company"):
        house.portfolio.save_company(BANK, {"name": "나래", "business_number": NUMBERS[1]}, kept.id)


def test_companies_are_found_by_name_and_number_and_put_away(house: House) -> None:
    names = ["가온정밀", "나래 100% 소프트", "다온_바이오"]
    kept = [house.portfolio.save_company(BANK, {"name": name, "company_id": f"A-{n}"}) for n, name in enumerate(names)]
    found = house.portfolio.kept_companies(BANK, search="%")
    assert [one.name for one in found.items] == ["나래 100% 소프트"], "signs of search are only signs"
    assert [one.name for one in house.portfolio.kept_companies(BANK, search="a-2").items] == ["다온_바이오"]
    page = house.portfolio.kept_companies(BANK, limit=2)
    rest = house.portfolio.kept_companies(BANK, limit=2, after=page.after)
    assert [one.name for one in [*page.items, *rest.items]] == names[::-1] and rest.after is None
    away = house.portfolio.edit_company(BANK, kept[0].id, kept[0].version, note="보류", archived=True)
    assert away.archived and away.note == "보류" and away.version == kept[0].version + 1
    assert len(house.portfolio.kept_companies(BANK).items) == 2
    assert [one.id for one in house.portfolio.kept_companies(BANK, archived=True).items] == [kept[0].id]
    with pytest.raises(ChangedError):
        house.portfolio.edit_company(BANK, kept[0].id, kept[0].version, archived=False)


def test_technologies_are_kept_changed_and_found(house: House) -> None:
    company = house.portfolio.save_company(BANK, {"name": "가온", "company_id": "A-1"})
    kept = house.portfolio.save_technology(BANK, " 수분 감지 필름 ", "수분을 만나면 색이 변한다.", company.id)
    assert kept.title == "수분 감지 필름"
    changed = house.portfolio.edit_technology(BANK, kept.id, kept.version, text="투습도를 낮춘다.")
    assert changed.text == "투습도를 낮춘다." and changed.title == kept.title
    with pytest.raises(ChangedError):
        house.portfolio.edit_technology(BANK, kept.id, kept.version, title="다른 이름")
    assert [one.id for one in house.portfolio.kept_technologies(BANK, search="필름").items] == [kept.id]
    assert [one.id for one in house.portfolio.kept_technologies(BANK, company=company.id).items] == [kept.id]
    for title, text in (("", "글"), ("제목", " "), ("가" * 201, "글"), ("제목", "가" * 20_001)):
        with pytest.raises(InputError):
            house.portfolio.save_technology(BANK, title, text)


def test_what_one_organisation_keeps_no_other_sees_or_changes(house: House) -> None:
    company = house.portfolio.save_company(BANK, RECORD)
    technology = house.portfolio.save_technology(BANK, "필름", "글")
    assert house.portfolio.kept_companies(OTHER).items == [] == house.portfolio.kept_technologies(OTHER).items
    for call in (
        lambda: house.portfolio.kept_company(OTHER, company.id),
        lambda: house.portfolio.records_of(OTHER, company.id),
        lambda: house.portfolio.save_company(OTHER, RECORD, company.id),
        lambda: house.portfolio.save_draft(OTHER, RECORD, company.id),
        lambda: house.portfolio.edit_company(OTHER, company.id, 1, note="x"),
        lambda: house.portfolio.rate_kept_company(OTHER, company.id, None),
        lambda: house.portfolio.kept_technology(OTHER, technology.id),
        lambda: house.portfolio.edit_technology(OTHER, technology.id, 1, note="x"),
        lambda: house.portfolio.save_technology(OTHER, "필름", "글", company.id),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert house.portfolio.save_company(OTHER, RECORD).id != company.id, "each organisation keeps its own"
    with pytest.raises(ForbiddenError):
        house.portfolio.save_company(replace(BANK, roles=frozenset({"institution_administrator"})), RECORD)
