"""Every use case is what its interface says, acts for somebody, and is what the pages are tested with."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from ktop.domain.party.actor import Actor
from ktop.usecases.accounts.interface import Accounts
from ktop.usecases.accounts.service import AccountService
from ktop.usecases.audit.interface import Audit
from ktop.usecases.audit.service import AuditService
from ktop.usecases.batches.interface import Batches
from ktop.usecases.batches.service import BatchService
from ktop.usecases.cluster.interface import Cluster
from ktop.usecases.cluster.service import ClusterService
from ktop.usecases.collect.interface import Collect
from ktop.usecases.collect.service import CollectService
from ktop.usecases.companies.interface import Companies
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.consent.interface import Consents
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.corpora.interface import Corpora
from ktop.usecases.corpora.service import CorpusService
from ktop.usecases.demo.interface import Demo
from ktop.usecases.demo.service import DemoService
from ktop.usecases.discovery.interface import Discovery
from ktop.usecases.discovery.service import DiscoveryService
from ktop.usecases.effects.interface import Effects
from ktop.usecases.effects.service import EffectService
from ktop.usecases.erasure.interface import Erasure
from ktop.usecases.erasure.service import ErasureService
from ktop.usecases.finance.interface import Finance
from ktop.usecases.finance.service import FinanceService
from ktop.usecases.followup.interface import FollowUp
from ktop.usecases.followup.service import FollowUpService
from ktop.usecases.institutions.interface import Institutions
from ktop.usecases.institutions.service import InstitutionService
from ktop.usecases.jobs.interface import Jobs
from ktop.usecases.jobs.service import JobService
from ktop.usecases.keys.interface import Keys
from ktop.usecases.keys.service import KeyService
from ktop.usecases.lookup.interface import Lookups
from ktop.usecases.lookup.service import LookupService
from ktop.usecases.mail.interface import Mail
from ktop.usecases.mail.service import MailService
from ktop.usecases.members.interface import Members
from ktop.usecases.members.service import MemberService
from ktop.usecases.models.interface import Models
from ktop.usecases.models.service import ModelService
from ktop.usecases.operations.interface import Operations
from ktop.usecases.operations.service import OperationService
from ktop.usecases.passkeys.interface import Passkeys
from ktop.usecases.passkeys.service import PasskeyService
from ktop.usecases.platform import Platform
from ktop.usecases.portfolio.interface import Portfolio
from ktop.usecases.portfolio.service import PortfolioService
from ktop.usecases.programmes.interface import Programmes
from ktop.usecases.programmes.service import ProgrammeService
from ktop.usecases.providers.interface import Providers
from ktop.usecases.providers.service import ProviderService
from ktop.usecases.rate.interface import Ratings
from ktop.usecases.rate.service import RatingService
from ktop.usecases.repeats.interface import Repeats
from ktop.usecases.repeats.service import RepeatService
from ktop.usecases.results.interface import Results
from ktop.usecases.results.service import ResultService
from ktop.usecases.reviews.interface import Reviews
from ktop.usecases.reviews.service import ReviewService
from ktop.usecases.seasons.interface import Seasons
from ktop.usecases.seasons.service import SeasonService
from ktop.usecases.second_factor.interface import SecondFactors
from ktop.usecases.second_factor.service import SecondFactorService
from ktop.usecases.sheets.interface import SheetImports
from ktop.usecases.sheets.service import SheetImportService
from ktop.usecases.statistics.interface import Statistics
from ktop.usecases.statistics.service import StatisticsService
from ktop.usecases.technologies.interface import Technologies
from ktop.usecases.technologies.service import TechnologyService
from ktop.usecases.training.interface import Training
from ktop.usecases.training.service import TrainingService
from ktop.usecases.transmissions.interface import Transmissions
from ktop.usecases.transmissions.service import TransmissionService
from ktop.usecases.watch.interface import Watch
from ktop.usecases.watch.service import WatchService
from ktop.usecases.webhooks.interface import Webhooks
from ktop.usecases.webhooks.service import WebhookService
from ktop.usecases.work.interface import Work
from ktop.usecases.work.service import WorkService

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

from fake_platform import FakePlatform

USE_CASES: dict[type, type] = {
    Collect: CollectService,
    Companies: CompanyService,
    Technologies: TechnologyService,
    Ratings: RatingService,
    Results: ResultService,
    Models: ModelService,
    Training: TrainingService,
    Corpora: CorpusService,
    Cluster: ClusterService,
    Audit: AuditService,
    Programmes: ProgrammeService,
    Reviews: ReviewService,
    Seasons: SeasonService,
    FollowUp: FollowUpService,
    Effects: EffectService,
    Accounts: AccountService,
    Demo: DemoService,
    Keys: KeyService,
    SecondFactors: SecondFactorService,
    Erasure: ErasureService,
    Institutions: InstitutionService,
    Mail: MailService,
    Members: MemberService,
    Providers: ProviderService,
    Operations: OperationService,
    Repeats: RepeatService,
    Jobs: JobService,
    Batches: BatchService,
    Work: WorkService,
    Consents: ConsentService,
    Lookups: LookupService,
    Passkeys: PasskeyService,
    Portfolio: PortfolioService,
    Transmissions: TransmissionService,
    Webhooks: WebhookService,
    Finance: FinanceService,
    Discovery: DiscoveryService,
    Watch: WatchService,
    Statistics: StatisticsService,
    SheetImports: SheetImportService,
}
METHODS = [
    pytest.param(interface, service, name, id=f"{interface.__name__}.{name}")
    for interface, service in USE_CASES.items()
    for name in vars(interface)
    if not name.startswith("_")
]


def parameters(method: Any) -> list[tuple[str, Any, Any]]:
    """Name, kind and default of every parameter, the owner's own left out."""
    found = list(inspect.signature(method).parameters.values())[1:]
    return [(one.name, one.kind, one.default) for one in found]


@pytest.mark.parametrize(("interface", "service", "name"), METHODS)
def test_a_service_fits_its_interface(interface: type, service: type, name: str) -> None:
    promised = getattr(interface, name)
    assert parameters(getattr(service, name)) == parameters(promised)
    assert inspect.getdoc(promised), "an interface says what it promises"


@pytest.mark.parametrize(("interface", "service", "name"), METHODS)
def test_every_use_case_takes_an_actor_first(interface: type, service: type, name: str) -> None:
    first = parameters(getattr(interface, name))[0]
    assert first == ("actor", inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty)
    assert inspect.signature(getattr(interface, name)).parameters["actor"].annotation == Actor.__name__


@pytest.mark.parametrize("service", USE_CASES.values(), ids=lambda service: service.__name__)
def test_a_service_offers_nothing_beyond_its_interface(service: type) -> None:
    interface = next(one for one, own in USE_CASES.items() if own is service)
    assert {name for name in dir(service) if not name.startswith("_")} == {
        name for name in vars(interface) if not name.startswith("_")
    }


def test_the_platform_has_every_use_case() -> None:
    offered = {
        get_type_hints(member.fget)["return"] for member in vars(Platform).values() if isinstance(member, property)
    }
    assert offered == set(USE_CASES)


def test_the_platform_that_pages_are_tested_with_fits_the_interfaces() -> None:
    told = {name: member for name, member in vars(FakePlatform).items() if inspect.isfunction(member)}
    promised = {name: getattr(one, name) for one in USE_CASES for name in vars(one) if not name.startswith("_")}
    for name, method in told.items():
        if not name.startswith("_"):
            assert [p[0] for p in parameters(method)] == [p[0] for p in parameters(promised[name])], name
