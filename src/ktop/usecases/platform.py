"""The platform as pages, programs and the command line see it: one interface a use case."""

from __future__ import annotations

from typing import Protocol

from ktop.usecases.accounts.interface import Accounts
from ktop.usecases.audit.interface import Audit
from ktop.usecases.batches.interface import Batches
from ktop.usecases.cluster.interface import Cluster
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


class Platform(Protocol):
    """One installation. A use case is loaded when it is first asked for (``ktop.bootstrap``)."""

    @property
    def companies(self) -> Companies:
        """Records of companies, and rating them without keeping the answer."""
        ...

    @property
    def technologies(self) -> Technologies:
        """Summaries of technologies, rated without keeping the answer."""
        ...

    @property
    def ratings(self) -> Ratings:
        """Ratings that are kept."""
        ...

    @property
    def results(self) -> Results:
        """Signed results."""
        ...

    @property
    def models(self) -> Models:
        """The model registry."""
        ...

    @property
    def training(self) -> Training:
        """Making and judging models."""
        ...

    @property
    def corpora(self) -> Corpora:
        """Patent corpora."""
        ...

    @property
    def cluster(self) -> Cluster:
        """Several machines that hold patent corpora together."""
        ...

    @property
    def accounts(self) -> Accounts:
        """People: signing in and up, sessions, their own accounts."""
        ...

    @property
    def audit(self) -> Audit:
        """What was done, by whom, and that the trail of it holds."""
        ...

    @property
    def collect(self) -> Collect:
        """What public sources know of companies."""
        ...

    @property
    def sheets(self) -> SheetImports:
        """Companies handed over in spreadsheets."""
        ...

    @property
    def portfolio(self) -> Portfolio:
        """Companies and technologies that the organisation keeps."""
        ...

    @property
    def consents(self) -> Consents:
        """Consents of companies for institutions."""
        ...

    @property
    def transmissions(self) -> Transmissions:
        """Results that companies send to institutions."""
        ...

    @property
    def lookups(self) -> Lookups:
        """Results of companies by their consent."""
        ...

    @property
    def effects(self) -> Effects:
        """What programmes have brought about."""
        ...

    @property
    def follow_up(self) -> FollowUp:
        """Supported projects after their selection."""
        ...

    @property
    def seasons(self) -> Seasons:
        """Seasons of support programmes: rules, calls, applicants, results."""
        ...

    @property
    def repeats(self) -> Repeats:
        """Requests that a program sends again."""
        ...

    @property
    def second_factors(self) -> SecondFactors:
        """Second factors of people."""
        ...

    @property
    def erasure(self) -> Erasure:
        """Erasing what is known of a person."""
        ...

    @property
    def institutions(self) -> Institutions:
        """The institutions of the installation."""
        ...

    @property
    def providers(self) -> Providers:
        """Signing in by somebody else's word (OpenID Connect)."""
        ...

    @property
    def passkeys(self) -> Passkeys:
        """Passkeys of people."""
        ...

    @property
    def mail(self) -> Mail:
        """Letters by mail."""
        ...

    @property
    def members(self) -> Members:
        """Members of an organisation."""
        ...

    @property
    def keys(self) -> Keys:
        """Keys of programs."""
        ...

    @property
    def demo(self) -> Demo:
        """Institutions and accounts to try the platform with."""
        ...

    @property
    def operations(self) -> Operations:
        """Running the installation as a whole."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Work that outlives a request, as its owners follow it."""
        ...

    @property
    def batches(self) -> Batches:
        """Tables of companies, rated in the background."""
        ...

    @property
    def work(self) -> Work:
        """The side of the jobs that workers see."""
        ...

    @property
    def programmes(self) -> Programmes:
        """Support programmes."""
        ...

    @property
    def watch(self) -> Watch:
        """Firms that an institution keeps an eye on."""
        ...

    @property
    def discovery(self) -> Discovery:
        """Companies that agreed to be found."""
        ...

    @property
    def statistics(self) -> Statistics:
        """Figures for the public."""
        ...

    @property
    def finance(self) -> Finance:
        """Guarantee and loan in one process."""
        ...

    @property
    def reviews(self) -> Reviews:
        """Comments on ratings and grades of people beside those of models."""
        ...

    @property
    def webhooks(self) -> Webhooks:
        """Servers of organisations that are told of what happens."""
        ...
