"""Puts the house together: the only reader of settings, and where the command line begins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_settings import BaseSettings, SettingsConfigDict

from ktop import cli
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings

if TYPE_CHECKING:
    from ktop.models.registry import ModelRegistry
    from ktop.store.unit_of_work import Store
    from ktop.usecases.accounts.interface import Accounts
    from ktop.usecases.accounts.password_hashes import PasswordHashes
    from ktop.usecases.audit.interface import Audit
    from ktop.usecases.batches.interface import Batches
    from ktop.usecases.cluster.interface import Cluster
    from ktop.usecases.collect.asking import SourceRoom
    from ktop.usecases.collect.following import Following
    from ktop.usecases.collect.interface import Collect
    from ktop.usecases.companies.interface import Companies
    from ktop.usecases.consent.interface import Consents
    from ktop.usecases.corpora.interface import Corpora
    from ktop.usecases.demo.interface import Demo
    from ktop.usecases.discovery.interface import Discovery
    from ktop.usecases.effects.interface import Effects
    from ktop.usecases.erasure.interface import Erasure
    from ktop.usecases.finance.interface import Finance
    from ktop.usecases.followup.interface import FollowUp
    from ktop.usecases.institutions.interface import Institutions
    from ktop.usecases.jobs.interface import Jobs
    from ktop.usecases.keys.interface import Keys
    from ktop.usecases.lookup.interface import Lookups
    from ktop.usecases.mail.interface import Mail
    from ktop.usecases.mail.post import PostOffice
    from ktop.usecases.members.interface import Members
    from ktop.usecases.models.interface import Models
    from ktop.usecases.operations.interface import Operations
    from ktop.usecases.passkeys.interface import Passkeys
    from ktop.usecases.portfolio.interface import Portfolio
    from ktop.usecases.programmes.interface import Programmes
    from ktop.usecases.providers.interface import Providers
    from ktop.usecases.rate.interface import Ratings
    from ktop.usecases.repeats.interface import Repeats
    from ktop.usecases.results.interface import Results
    from ktop.usecases.reviews.interface import Reviews
    from ktop.usecases.seasons.interface import Seasons
    from ktop.usecases.second_factor.interface import SecondFactors
    from ktop.usecases.sheets.interface import SheetImports
    from ktop.usecases.statistics.interface import Statistics
    from ktop.usecases.technologies.interface import Technologies
    from ktop.usecases.training.interface import Training
    from ktop.usecases.transmissions.interface import Transmissions
    from ktop.usecases.watch.interface import Watch
    from ktop.usecases.webhooks.interface import Webhooks
    from ktop.usecases.work.interface import Work
T = TypeVar("T")


class _Environment(Settings, BaseSettings):
    """The settings as the environment gives them (``KTOP_…``)."""

    model_config = SettingsConfigDict(env_prefix="KTOP_", extra="ignore", frozen=True)


def read_settings() -> Settings:
    """Return the settings of this process, from its environment."""
    return Settings(**_Environment().model_dump())


#: How often a worker forgets what has served.
_PRUNE_SECONDS = 3600.0


class House:
    """The platform of one installation: every use case with what it needs (``ktop.usecases.platform.Platform``).

    A use case is imported when it is first asked for: the database takes .5 s to load, search by words and meaning
    1 s, and most commands need neither.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[str, Any] = {}
        self._opening = threading.RLock()
        self._prune_next = 0.0

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Return what ``make`` makes, the same for all threads that ask."""
        with self._opening:
            if name not in self._opened:
                self._opened[name] = make()
            found: T = self._opened[name]
            return found

    @property
    def companies(self) -> Companies:
        from ktop.usecases.companies.service import CompanyService

        def backed(actor: Actor, record: Mapping[str, Any]) -> Collection[str]:
            from ktop.usecases.collect.backing import backed_paths  # only where a record says that it is backed

            return backed_paths(self._store(), actor, record)

        return self._once("companies", lambda: CompanyService(self._registry, backed))

    @property
    def technologies(self) -> Technologies:
        from ktop.usecases.technologies.service import TechnologyService

        return self._once("technologies", lambda: TechnologyService(self.corpora))

    @property
    def ratings(self) -> Ratings:
        from ktop.usecases.rate.service import RatingService

        return self._once(
            "ratings",
            lambda: RatingService(self._store, self._registry, self.companies, lambda: self.technologies),
        )

    @property
    def results(self) -> Results:
        from ktop.signing.credential import Issuer
        from ktop.signing.keys import SigningKeys
        from ktop.usecases.results.service import ResultService

        def made() -> ResultService:
            issuer = Issuer(self._settings.address, self._settings.issuer_name)
            return ResultService(
                self._store, SigningKeys(self._settings.keys / "signing", issuer.name), issuer, self._registry
            )

        return self._once("results", made)

    @property
    def models(self) -> Models:
        from ktop.usecases.models.service import ModelService

        return self._once("models", lambda: ModelService(self._registry, self._store))

    @property
    def training(self) -> Training:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.training.service import TrainingService

        sealer = Sealer(self._settings.keys / "sealing.key")
        return self._once("training", lambda: TrainingService(self._registry, self._store, sealer))

    @property
    def corpora(self) -> Corpora:
        from ktop.usecases.corpora.service import CorpusService

        return self._once("corpora", lambda: CorpusService(self._settings))

    @property
    def cluster(self) -> Cluster:
        from ktop.usecases.cluster.service import ClusterService

        return self._once("cluster", lambda: ClusterService(self._settings))

    @property
    def accounts(self) -> Accounts:
        from ktop.usecases.accounts.service import AccountService

        return self._once("accounts", lambda: AccountService(self._store, self._hashes, post=self._post))

    @property
    def second_factors(self) -> SecondFactors:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.second_factor.service import SecondFactorService

        sealer = Sealer(self._settings.data / "keys" / "sealing.key")
        return self._once("second_factors", lambda: SecondFactorService(self._store, sealer, post=self._post))

    @property
    def erasure(self) -> Erasure:
        from ktop.usecases.erasure.service import ErasureService

        return self._once("erasure", lambda: ErasureService(self._store, self._hashes))

    @property
    def institutions(self) -> Institutions:
        from ktop.usecases.institutions.service import InstitutionService

        return self._once("institutions", lambda: InstitutionService(self._store, self._hashes))

    @property
    def passkeys(self) -> Passkeys:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.passkeys.service import PasskeyService

        sealer = Sealer(self._settings.keys / "sealing.key")
        return self._once("passkeys", lambda: PasskeyService(self._store, sealer, post=self._post))

    @property
    def mail(self) -> Mail:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.mail.service import MailServer, MailService

        def made() -> MailService:
            of = self._settings
            server = None
            if of.smtp_host is not None:
                secret = (of.smtp_user, of.smtp_password)
                server = MailServer(of.smtp_host, of.smtp_port, of.smtp_security, *secret, of.mail_from)
            return MailService(self._store, Sealer(of.keys / "sealing.key"), server)

        return self._once("mail", made)

    @property
    def _post(self) -> PostOffice:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.mail.post import PostOffice

        of = self._settings
        most = {"to_one": of.letters_to_one, "from_one": of.letters_from_one}
        sends = of.smtp_host is not None
        return self._once("post", lambda: PostOffice(Sealer(of.keys / "sealing.key"), sends=sends, **most))

    @property
    def providers(self) -> Providers:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.providers.service import ProviderService

        settings = self._settings
        sealer = Sealer(settings.data / "keys" / "sealing.key")
        client = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
        return self._once("providers", lambda: ProviderService(self._store, sealer, *client))

    @property
    def members(self) -> Members:
        from ktop.usecases.members.service import MemberService

        return self._once("members", lambda: MemberService(self._store, self._hashes, post=self._post))

    @property
    def keys(self) -> Keys:
        from ktop.usecases.keys.service import KeyService

        return self._once("keys", lambda: KeyService(self._store))

    @property
    def demo(self) -> Demo:
        from ktop.usecases.demo.contents import Rooms
        from ktop.usecases.demo.service import DemoService

        def rooms() -> Rooms:
            between = (self.consents, self.transmissions, self.discovery, self.finance)
            return Rooms(self.portfolio, *between, self.batches, self.seasons)

        kept_in = self._settings.data / "demo-accounts.json"
        return self._once("demo", lambda: DemoService(self._store, self._hashes, kept_in, rooms))

    @property
    def audit(self) -> Audit:
        from ktop.usecases.audit.service import AuditService

        return self._once("audit", lambda: AuditService(self._store))

    @property
    def operations(self) -> Operations:
        from ktop.usecases.operations.service import OperationService

        return self._once(
            "operations", lambda: OperationService(self._settings, self._store, self._registry, lambda: self.corpora)
        )

    @property
    def portfolio(self) -> Portfolio:
        from ktop.usecases.portfolio.service import PortfolioService

        return self._once("portfolio", lambda: PortfolioService(self._store, self.companies, lambda: self.ratings))

    @property
    def sheets(self) -> SheetImports:
        from ktop.usecases.sheets.service import SheetImportService

        return self._once("sheets", lambda: SheetImportService(self._store, self._settings.upload_mb))

    @property
    def collect(self) -> Collect:
        from ktop.usecases.collect.service import CollectService

        return self._once("collect", lambda: CollectService(self._store, lambda: self.portfolio, self._public_sources))

    @property
    def _public_sources(self) -> SourceRoom:
        from ktop.usecases.collect.asking import SourceRoom

        kept = self._settings.keys / "sources.yaml"
        named = self._settings.sources or (kept if kept.is_file() else None)
        return self._once("public sources", lambda: SourceRoom(self._store, named))

    @property
    def _following(self) -> Following:
        from ktop.usecases.collect.following import Following

        return self._once("following", lambda: Following(self._store, self._public_sources))

    @property
    def consents(self) -> Consents:
        from ktop.usecases.consent.service import ConsentService

        return self._once("consents", lambda: ConsentService(self._store))

    @property
    def transmissions(self) -> Transmissions:
        from ktop.usecases.transmissions.service import TransmissionService

        return self._once("transmissions", lambda: TransmissionService(self._store, lambda: self.results))

    @property
    def lookups(self) -> Lookups:
        from ktop.usecases.lookup.service import LookupService

        return self._once("lookups", lambda: LookupService(self._store))

    @property
    def reviews(self) -> Reviews:
        from ktop.usecases.reviews.service import ReviewService

        return self._once("reviews", lambda: ReviewService(self._store))

    @property
    def programmes(self) -> Programmes:
        from ktop.usecases.programmes.service import ProgrammeService

        return self._once("programmes", lambda: ProgrammeService(self._registry))

    @property
    def effects(self) -> Effects:
        from ktop.usecases.effects.service import EffectService

        return self._once("effects", lambda: EffectService(self._store, self.jobs, self._settings.upload_mb))

    @property
    def follow_up(self) -> FollowUp:
        from ktop.usecases.followup.service import FollowUpService

        return self._once("follow_up", lambda: FollowUpService(self._store, self._settings.upload_mb))

    @property
    def seasons(self) -> Seasons:
        from ktop.usecases.seasons.service import SeasonService

        limit = self._settings.upload_mb
        return self._once("seasons", lambda: SeasonService(self._store, self._registry, limit))

    @property
    def repeats(self) -> Repeats:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.repeats.service import RepeatService

        sealer, kept = Sealer(self._settings.keys / "sealing.key"), timedelta(hours=self._settings.repeats_hours)
        return self._once("repeats", lambda: RepeatService(self._store, sealer, kept))

    @property
    def jobs(self) -> Jobs:
        from ktop.usecases.jobs.service import JobService

        return self._once("jobs", lambda: JobService(self._store))

    @property
    def batches(self) -> Batches:
        from ktop.usecases.batches.service import BatchService

        limit = self._settings.upload_mb
        return self._once(
            "batches", lambda: BatchService(self._store, self._registry, self.jobs, limit, self.companies, self.ratings)
        )

    @property
    def work(self) -> Work:
        from ktop.usecases.batches.rating import rate_batch
        from ktop.usecases.effects.service import estimate_kept
        from ktop.usecases.seasons.ranking import rank_call
        from ktop.usecases.technologies.table_job import rate_technologies
        from ktop.usecases.work.kinds import upkeep
        from ktop.usecases.work.service import WorkService

        return self._once(
            "work",
            lambda: WorkService(
                self._store,
                {
                    "programme.effect": estimate_kept,
                    "programme.rank": lambda running: rank_call(running, self._registry),
                    "rate.technologies": lambda running: rate_technologies(running, lambda: self.corpora),
                    "rate.batch": lambda running: rate_batch(running, self._registry),
                    "collect.company": lambda running: self._public_sources.do(running),
                    "collect.refresh": lambda running: self._following.do(running),
                    **upkeep(lambda: self.corpora, lambda: self.training, lambda: self.statistics),
                },
                self._settings.jobs_per_organisation,
                self._tend,
                lambda: self.webhooks.deliver(INSTALLATION) + self.mail.deliver(INSTALLATION),
            ),
        )

    @property
    def watch(self) -> Watch:
        from ktop.usecases.watch.service import WatchService

        return self._once("watch", lambda: WatchService(self._store, lambda: self.ratings))

    @property
    def discovery(self) -> Discovery:
        from ktop.usecases.discovery.service import DiscoveryService

        return self._once("discovery", lambda: DiscoveryService(self._store))

    @property
    def statistics(self) -> Statistics:
        from ktop.usecases.statistics.service import StatisticsService

        return self._once("statistics", lambda: StatisticsService(self._store, self._settings.data / "statistics"))

    @property
    def finance(self) -> Finance:
        from ktop.usecases.finance.service import FinanceService

        return self._once("finance", lambda: FinanceService(self._store))

    @property
    def webhooks(self) -> Webhooks:
        from ktop.kernel.sealing import Sealer
        from ktop.usecases.mail.notices import Notices
        from ktop.usecases.webhooks.service import WebhookService

        sealer = Sealer(self._settings.keys / "sealing.key")
        anywhere, notices = self._settings.webhooks_anywhere, Notices(self._post, self._settings.address)
        return self._once(
            "webhooks", lambda: WebhookService(self._store, sealer, anywhere=anywhere, notices=notices.write)
        )

    def _tend(self) -> None:
        """Do what the installation owes by the clock: the seal of the audit trail, steps of cases, forgetting."""
        operator = Actor(INSTALLATION.user, INSTALLATION.organisation, frozenset({"operator"}))
        self.audit.seal(operator)
        self.finance.tend(INSTALLATION)
        self.consents.tend(INSTALLATION)
        self._following.tend()
        self.watch.tend(INSTALLATION)
        self.discovery.tend(INSTALLATION)
        self.statistics.tend(INSTALLATION)
        if time.monotonic() >= self._prune_next:
            self._prune_next = time.monotonic() + _PRUNE_SECONDS
            self.operations.prune(operator)
            self.jobs.give(operator, "models.drift", {}, key=f"{today():%G-W%V}")  # once a week, whoever is first

    @property
    def _registry(self) -> ModelRegistry:
        from ktop.models.registry import ModelRegistry

        return self._once("registry", lambda: ModelRegistry(self._settings.models))

    @property
    def _hashes(self) -> PasswordHashes:
        from ktop.usecases.accounts.password_hashes import PasswordHashes

        return self._once("hashes", PasswordHashes)

    def _store(self) -> Store:
        from ktop.store.unit_of_work import Store

        of = self._settings
        most = of.storage_mb_per_organisation * 1_000_000
        return self._once("store", lambda: Store.open(of.database, of.database_replica_url, most))


def main() -> None:
    """Run the command line; a user's error becomes one sentence on stderr and exit status 1."""
    cli.main(read_settings(), House)
