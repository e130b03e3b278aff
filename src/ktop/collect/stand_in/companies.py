"""Made-up companies that the stand-ins know: numbers that nobody can have, invented names and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber


@dataclass(frozen=True, slots=True)
class MadeUpRight:
    """One right. ``cited_by`` later applications cite it; a design and a trademark have neither these nor claims."""

    application: str
    title: str
    state: str
    filed: date
    registered: date | None
    claims: int
    cited_by: int

    @property
    def ended(self) -> date | None:
        """Day on which a right that has lapsed ended, its fees unpaid."""
        return date(self.filed.year + 4, 4, 1) if self.state == "소멸" else None


@dataclass(frozen=True, slots=True)
class MadeUpAbroad:
    """A right in the United States that claims the priority of a Korean application; numbers that nobody has."""

    priority: str
    application: str
    publication: str
    filed: date
    granted: date | None
    lapsed: date | None = None


@dataclass(frozen=True, slots=True)
class MadeUpCompany:
    """One company; amounts in won by year: sales, operating profit, net income, assets, liabilities, equity, R&D."""

    name: str
    name_en: str
    former_name: str
    business_number: str
    corporate_number: str
    dart_code: str
    applicant_code: str
    industry: str
    address: str
    founded: date
    staff: int
    amounts: dict[int, tuple[int, int, int, int, int, int, int]]
    rights: tuple[MadeUpRight, ...] = field(default=())
    designs: tuple[MadeUpRight, ...] = ()
    trademarks: tuple[MadeUpRight, ...] = ()
    projects: tuple[tuple[str, str, date, date], ...] = ()
    venture: tuple[date, date] | None = None
    startup_until: date | None = None
    abroad: tuple[MadeUpAbroad, ...] = ()
    subsidiary: str = ""


_SUBJECTS = (
    "가스 감지 소자",
    "온도 보상 회로",
    "센서 모듈 하우징",
    "무선 감지 장치",
    "누출 판별 방법",
    "저전력 구동 회로",
)


def _rights(count: int, first_year: int) -> tuple[MadeUpRight, ...]:
    """Return so many rights: of six, four are registered, one is pending, one has lapsed."""
    found = []
    for number in range(count):
        year, month = first_year + number * 8 // max(count, 1), number % 12 + 1
        filed = date(year, month, 10)
        state = ("등록", "등록", "공개", "등록", "소멸", "등록")[number % 6]
        granted = date(year + 1, month, 20) if state in ("등록", "소멸") else None
        title = f"{_SUBJECTS[number % len(_SUBJECTS)]} {number + 1}"
        application = f"10{year}{9000000 + number:07d}"
        found.append(MadeUpRight(application, title, state, filed, granted, 5 + number % 11, number % 4))
    return tuple(found)


def made_up_companies(today: date) -> tuple[MadeUpCompany, ...]:
    """Return the made-up companies, with statements up to the year before ``today``."""
    last = today.year - 1
    rights = _rights(60, today.year - 9)
    garam = MadeUpCompany(
        name="가람센서(가상) 주식회사",
        name_en="Garam Sensor (made-up) Co., Ltd.",
        former_name="가람계측(가상) 주식회사",
        business_number=BusinessNumber.invented(7001).digits,
        corporate_number=CorporateNumber.invented(7001).digits,
        dart_code="99990001",
        applicant_code="999900000001",
        industry="27213",
        address="대전광역시 유성구 가상로 1",
        founded=date(2014, 3, 12),
        staff=48,
        amounts={
            last - 2: (
                6_210_000_000,
                402_000_000,
                318_000_000,
                6_150_000_000,
                3_270_000_000,
                2_880_000_000,
                398_000_000,
            ),
            last - 1: (
                7_480_000_000,
                571_000_000,
                443_000_000,
                7_340_000_000,
                4_017_000_000,
                3_323_000_000,
                461_000_000,
            ),
            last: (9_120_000_000, 760_000_000, 602_000_000, 8_960_000_000, 5_035_000_000, 3_925_000_000, 547_000_000),
        },
        rights=rights,
        designs=(MadeUpRight(f"30{last}9000001", "가스 감지기", "등록", date(last, 2, 3), date(last, 9, 7), 0, 0),),
        trademarks=(
            MadeUpRight(f"40{last}9000001", "GARAM MADE-UP", "등록", date(last, 1, 9), date(last, 12, 1), 0, 0),
        ),
        projects=(
            ("9999000001", "수소 누출 감지 소자 개발", date(last - 2, 4, 1), date(last, 3, 31)),
            ("9999000002", "저전력 가스 센서 모듈", date(last, 4, 1), date(last + 2, 3, 31)),
        ),
        venture=(date(last - 1, 8, 12), date(last + 2, 8, 11)),
        subsidiary="가람에너지(가상) 주식회사",
        abroad=(
            MadeUpAbroad(rights[59].application, f"{last}99000001", f"{last + 1}9900001", date(last, 11, 2), None),
            MadeUpAbroad(rights[57].application, f"{last}99000002", "99000002", date(last, 9, 3), date(last + 1, 2, 4)),
        ),
    )
    # A firm that files nothing: found by the commission and the tax service alone.
    naru = MadeUpCompany(
        name="나루소재(가상)",
        name_en="Naru Materials (made-up)",
        former_name="",
        business_number=BusinessNumber.invented(7002).digits,
        corporate_number=CorporateNumber.invented(7002).digits,
        dart_code="",
        applicant_code="",
        industry="20499",
        address="경상북도 구미시 가상로 2",
        founded=date(2019, 9, 2),
        staff=0,
        startup_until=date(last + 2, 9, 1),
        amounts={last: (1_130_000_000, -85_000_000, -92_000_000, 1_480_000_000, 1_020_000_000, 460_000_000, 0)},
    )
    return garam, naru
