"""One unit of work: what an actor reads, or changes together with the audit event and the message that tell of it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from ktop.domain.party.actor import Actor
from ktop.store.access_ledger import AccessLedger
from ktop.store.api_keys import ApiKeyRepository, KeyDoor
from ktop.store.audit import AuditEvents, tell
from ktop.store.audit_chain import AuditChain
from ktop.store.collection import CollectionRepository, SourceLedger
from ktop.store.consents import ConsentClock, ConsentRepository
from ktop.store.credentials import CredentialRepository
from ktop.store.database import READ_ONLY, open_database, telling_failure
from ktop.store.discovery import BatchClock, DiscoveryRepository
from ktop.store.discovery_text import DiscoveryWords
from ktop.store.documents import DocumentRepository
from ktop.store.finance import CaseClock, CaseRepository
from ktop.store.following import FollowClock, FollowRepository
from ktop.store.granted_results import GrantedResults
from ktop.store.identity import IdentityRepository
from ktop.store.institution_rules import InstitutionRules, RulesOfAll
from ktop.store.invitations import InvitationRepository
from ktop.store.job_queue import JobQueue
from ktop.store.jobs import JobRepository
from ktop.store.letters import LetterRepository
from ktop.store.portfolio import Portfolio
from ktop.store.programmes import SeasonRepository
from ktop.store.projects import ProjectRepository
from ktop.store.pruning import Pruning
from ktop.store.ratings import RatingRepository
from ktop.store.repeats import RepeatRepository
from ktop.store.replica import with_replica
from ktop.store.request_counts import RequestCountRepository
from ktop.store.result_feed import ResultFeed
from ktop.store.results import PublishedResults, ResultRepository
from ktop.store.reviews import ReviewRepository
from ktop.store.saved_searches import SavedSearches, SearchClock
from ktop.store.sessions import FailureRepository, SessionRepository
from ktop.store.shared_commits import SharedCommits
from ktop.store.statistics import InstallationFigures
from ktop.store.storage import bytes_kept, with_limit
from ktop.store.tables import jobs, outbox
from ktop.store.transmissions import TransmissionRepository
from ktop.store.watch import WatchClock, WatchRepository
from ktop.store.webhooks import WebhookDispatch, WebhookRepository


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """The repositories of one transaction, each of this connection and this actor: no other way leads to a query."""

    connection: Connection
    actor: Actor

    @property
    def ratings(self) -> RatingRepository:
        """The kept ratings of the actor's organisation."""
        return RatingRepository(self.connection, self.actor)

    @property
    def results(self) -> ResultRepository:
        """The signed results of the actor's organisation."""
        return ResultRepository(self.connection, self.actor)

    @property
    def portfolio(self) -> Portfolio:
        """The companies and technologies that the actor's organisation keeps."""
        return Portfolio(self.connection, self.actor)

    @property
    def consents(self) -> ConsentRepository:
        """The consents that the actor's organisation gave, or was given."""
        return ConsentRepository(self.connection, self.actor)

    @property
    def granted_results(self) -> GrantedResults:
        """The ratings that companies let the actor's organisation see."""
        return GrantedResults(self.connection, self.actor)

    @property
    def watch(self) -> WatchRepository:
        """The firms that the actor's institution watches."""
        return WatchRepository(self.connection, self.actor)

    @property
    def transmissions(self) -> TransmissionRepository:
        """The results that the actor's organisation sent and received."""
        return TransmissionRepository(self.connection, self.actor)

    @property
    def discovery(self) -> DiscoveryRepository:
        """What the actor's organisation lets be found of itself, or finds."""
        return DiscoveryRepository(self.connection, self.actor)

    @property
    def feed(self) -> ResultFeed:
        """What the actor's organisation was told of results of companies."""
        return ResultFeed(self.connection, self.actor)

    @property
    def saved_searches(self) -> SavedSearches:
        """The searches of firms that the actor's organisation keeps."""
        return SavedSearches(self.connection, self.actor)

    @property
    def cases(self) -> CaseRepository:
        """The guarantee and loan cases that the actor's organisation is a side of."""
        return CaseRepository(self.connection, self.actor)

    @property
    def institution_rules(self) -> InstitutionRules:
        """The rules that the actor's institution set for itself."""
        return InstitutionRules(self.connection, self.actor)

    @property
    def projects(self) -> ProjectRepository:
        """The projects that the actor's agency supported."""
        return ProjectRepository(self.connection, self.actor)

    @property
    def seasons(self) -> SeasonRepository:
        """The programmes of the actor's agency, and what the actor's company applied for."""
        return SeasonRepository(self.connection, self.actor)

    @property
    def ledger(self) -> AccessLedger:
        """Who saw what of whom."""
        return AccessLedger(self.connection, self.actor)

    @property
    def repeats(self) -> RepeatRepository:
        """The requests with an Idempotency-Key that came from the actor's organisation."""
        return RepeatRepository(self.connection, self.actor)

    @property
    def audit_events(self) -> AuditEvents:
        """What was done in the actor's organisation."""
        return AuditEvents(self.connection, self.actor.organisation)

    @property
    def documents(self) -> DocumentRepository:
        """The files that the actor's organisation keeps."""
        return DocumentRepository(self.connection, self.actor)

    @property
    def collections(self) -> CollectionRepository:
        """What the actor's organisation collected of companies."""
        return CollectionRepository(self.connection, self.actor)

    @property
    def follows(self) -> FollowRepository:
        """Companies that the actor's organisation has collected again by itself."""
        return FollowRepository(self.connection, self.actor)

    @property
    def reviews(self) -> ReviewRepository:
        """What the actor's organisation says of its ratings."""
        return ReviewRepository(self.connection, self.actor)

    @property
    def jobs(self) -> JobRepository:
        """The jobs of the actor's organisation."""
        return JobRepository(self.connection, self.actor)

    @property
    def api_keys(self) -> ApiKeyRepository:
        """The keys of the actor's organisation."""
        return ApiKeyRepository(self.connection, self.actor)

    @property
    def webhooks(self) -> WebhookRepository:
        """Where the actor's organisation wants to be told of what happens."""
        return WebhookRepository(self.connection, self.actor)

    def tell(self, action: str, subject: str, details: Mapping[str, Any], others: Sequence[str] = ()) -> None:
        """Write the audit event and the message of something done in this unit; see ``ktop.store.audit``."""
        tell(self.connection, self.actor, datetime.now(UTC), action, subject, details, others)

    @contextlib.contextmanager
    def for_company(self, company: str) -> Iterator[UnitOfWork]:
        """Give what a company's own unit would, within this transaction: for rules that ask across its cases.

        Nothing that is read there is for the actor to see. What raises within ends the transaction.
        """
        postgresql = self.connection.dialect.name == "postgresql"
        if postgresql:
            self.connection.execute(_ON_BEHALF, {"organisation": company})
        yield UnitOfWork(self.connection, Actor("rule", company))
        if postgresql:
            self.connection.execute(_ON_BEHALF, {"organisation": self.actor.organisation})


@dataclass(frozen=True, slots=True)
class InstallationWork:
    """A transaction of the installation itself, before or beyond any actor: sign-in, handing out jobs, sealing.

    It has no repository of what organisations keep.
    """

    connection: Connection

    @property
    def audit_chain(self) -> AuditChain:
        """The chain over all audit events."""
        return AuditChain(self.connection)

    @property
    def audit_events(self) -> AuditEvents:
        """What was done anywhere."""
        return AuditEvents(self.connection, None)

    @property
    def published_results(self) -> PublishedResults:
        """What anybody may know of signed results."""
        return PublishedResults(self.connection)

    @property
    def sources(self) -> SourceLedger:
        """How often and how well public sources were asked."""
        return SourceLedger(self.connection)

    @property
    def watch_clock(self) -> WatchClock:
        """The firms that institutions watch and that are due to be looked at."""
        return WatchClock(self.connection)

    @property
    def follows(self) -> FollowClock:
        """Companies that are due to be collected again."""
        return FollowClock(self.connection)

    @property
    def jobs(self) -> JobQueue:
        """The jobs of all organisations, to be handed out to workers."""
        return JobQueue(self.connection)

    @property
    def webhooks(self) -> WebhookDispatch:
        """The messages of all organisations, to be sent to who listens."""
        return WebhookDispatch(self.connection)

    @property
    def revision(self) -> str:
        """The form that the tables are in."""
        return str(self.connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())

    def figures(self) -> dict[str, float]:
        """Return figures for monitoring: jobs by state and late ones, messages that wait, unsealed events."""
        states = dict.fromkeys(("waiting", "running", "done", "failed", "cancelled"), 0)
        for state, count in self.connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)):
            states[state] = count
        now = datetime.now(UTC)
        late = select(func.count()).where(jobs.c.state == "waiting", jobs.c.not_before < now - timedelta(minutes=30))
        waiting = select(func.count()).select_from(outbox).where(outbox.c.sent.is_(None))
        return {
            **{f"jobs_{state}": count for state, count in states.items()},
            "jobs_late": self.connection.scalar(late) or 0,
            "messages_waiting": self.connection.scalar(waiting) or 0,
            "events_unsealed": self.audit_chain.unsealed(),
        }

    def bytes_kept(self, organisations: Collection[str]) -> dict[str, int]:
        """Return the bytes of all files that each organisation keeps."""
        return bytes_kept(self.connection, organisations)

    @property
    def identity(self) -> IdentityRepository:
        """Organisations, users, persons and memberships."""
        return IdentityRepository(self.connection)

    @property
    def credentials(self) -> CredentialRepository:
        """What proves who somebody is."""
        return CredentialRepository(self.connection)

    @property
    def sessions(self) -> SessionRepository:
        """Signed-in browsers."""
        return SessionRepository(self.connection)

    @property
    def invitations(self) -> InvitationRepository:
        """Links by which people join or set a new password."""
        return InvitationRepository(self.connection)

    @property
    def letters(self) -> LetterRepository:
        """Letters that wait to be sent by mail."""
        return LetterRepository(self.connection)

    @property
    def keys(self) -> KeyDoor:
        """Keys and tokens of programs, as they are presented."""
        return KeyDoor(self.connection)

    @property
    def request_counts(self) -> RequestCountRepository:
        """Requests that web processes counted."""
        return RequestCountRepository(self.connection)

    @property
    def pruning(self) -> Pruning:
        """What may be forgotten."""
        return Pruning(self.connection)

    @property
    def failures(self) -> FailureRepository:
        """Failures to sign in."""
        return FailureRepository(self.connection)

    @property
    def figures_of_all(self) -> InstallationFigures:
        """Counts over all organisations, to be published."""
        return InstallationFigures(self.connection)

    @property
    def consent_clock(self) -> ConsentClock:
        """Consents whose last day is over."""
        return ConsentClock(self.connection)

    @property
    def batches_of_firms(self) -> BatchClock:
        """Anonymous firms that let themselves be found, in batches."""
        return BatchClock(self.connection)

    @property
    def words_of_firms(self) -> DiscoveryWords:
        """What named firms say of themselves, by its words."""
        return DiscoveryWords(self.connection)

    @property
    def saved_searches(self) -> SearchClock:
        """Kept searches that are due."""
        return SearchClock(self.connection)

    @property
    def rules_of_all(self) -> RulesOfAll:
        """The rules that institutions set for themselves."""
        return RulesOfAll(self.connection)

    @property
    def case_clock(self) -> CaseClock:
        """Guarantee and loan cases that wait for a rule."""
        return CaseClock(self.connection)

    def tell(
        self, actor: Actor, action: str, subject: str, details: Mapping[str, Any], others: Sequence[str] = ()
    ) -> None:
        """Write the audit event and the message of what somebody did; see ``ktop.store.audit``."""
        tell(self.connection, actor, datetime.now(UTC), action, subject, details, others)


class Store:
    """The database of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"
        self._commits = None if self._postgresql else SharedCommits(engine)

    @classmethod
    def open(cls, url: str, replica_url: str | None = None, storage_bytes: int = 0) -> Store:
        """Open the database at an SQLAlchemy address, its tables brought to the present form.

        ``replica_url`` is the address of a streaming standby of it; see ``ktop.store.replica``. ``storage_bytes`` is
        what the files of one organisation may have in all, 0 for no limit; see ``ktop.store.storage``.
        """
        engine = with_limit(open_database(url), storage_bytes)
        return cls(with_replica(engine, replica_url) if replica_url else engine)

    @property
    def engine(self) -> Engine:
        """The database itself, for backup and for the health of the installation."""
        return self._engine

    @contextlib.contextmanager
    def unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Give the unit of work of an actor: everything in the block happens, or nothing where it raises.

        Raises ``UnavailableError`` where the database fails.
        """
        with self._begin(actor.organisation, "organisation", read_only=False) as connection:
            yield UnitOfWork(connection, actor)

    @contextlib.contextmanager
    def reading(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Give a unit of work that changes nothing, and for which no writer waits; the database refuses a change."""
        with self._begin(actor.organisation, "organisation", read_only=True) as connection:
            yield UnitOfWork(connection, actor)

    @contextlib.contextmanager
    def installation(self, *, reading: bool = False) -> Iterator[InstallationWork]:
        """Give a transaction of the installation itself; where it only reads, no writer waits for it."""
        with self._begin("", "installation", read_only=reading) as connection:
            yield InstallationWork(connection)

    @contextlib.contextmanager
    def _begin(self, organisation: str, scope: str, *, read_only: bool) -> Iterator[Connection]:
        """Begin a transaction; on PostgreSQL as a role that row-level security binds to the organisation's rows."""
        if self._commits is not None and not read_only:
            with telling_failure(), self._commits.write() as connection:
                yield connection
            return
        with telling_failure(), self._engine.connect() as connection:
            connection.execution_options(**{READ_ONLY: read_only})
            if self._postgresql and read_only:  # all that is read is of one moment, as SQLite sees to by itself
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if self._postgresql:
                    connection.execute(
                        _BOUND,
                        {"organisation": organisation, "scope": scope, "read_only": "on" if read_only else "off"},
                    )
                elif read_only:
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                try:
                    yield connection
                finally:
                    if read_only and not self._postgresql:
                        connection.exec_driver_sql("PRAGMA query_only=OFF")


#: ``true``: until the end of the transaction, so that a pooled connection never keeps somebody's rights.
_BOUND = text(
    "SELECT set_config('role', 'ktop_application', true), set_config('ktop.organisation', :organisation, true), "
    "set_config('ktop.scope', :scope, true), set_config('transaction_read_only', :read_only, true)"
)
_ON_BEHALF = text("SELECT set_config('ktop.organisation', :organisation, true)")
