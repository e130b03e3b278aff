"""Settings of one installation, as a value: ``ktop.bootstrap`` reads them from the environment and passes them on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

#: Most letters in an hour and a day, either or both.
_MOST_LETTERS = r"^\d{1,6}/(hour|day)(;\d{1,6}/(hour|day))?$"


class Settings(BaseModel):
    """What an operator may set. Every field is described in docs/operations.md; a test fails when one is not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: Path = Field(
        Path("var"), description="Folder of the database, the demo corpus, fonts and keys of this installation."
    )
    database_url: str | None = Field(
        None, description="SQLAlchemy address of the database; without it, SQLite in the data folder."
    )
    database_replica_url: str | None = Field(
        None,
        description="Address of a streaming standby of PostgreSQL that kept results and files are read from; "
        "permission is asked of the primary.",
    )
    lang: Literal["ko", "en"] | None = Field(
        None, description="Language of the command line; without it, the language of the terminal, else Korean."
    )
    corpus: Path | None = Field(
        None, description="Patent corpus used when none is named; without it, the synthetic demo corpus."
    )
    host: str = Field("127.0.0.1", description="Address the platform listens on.")
    hosts: str = Field(
        "", description="Names, split by commas, that a local proxy reaches the platform by, besides localhost."
    )
    port: int = Field(8000, ge=1, le=65535, description="Port the platform listens on.")

    issuer_name: str = Field(
        "K-TOP", min_length=1, max_length=60, description="Name of the issuer in signed results and certificates."
    )

    sources: Path | None = Field(
        None,
        description="File of keys and addresses of public sources; without it, keys/sources.yaml in the data folder.",
    )

    metrics_token: str | None = Field(
        None, repr=False, description="Token that /metrics asks for; without it, it answers this machine alone."
    )
    log: Literal["plain", "json"] = Field("plain", description="Form of the log on standard error.")
    log_requests: bool = Field(False, description="Whether each request answered is logged, too.")

    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+)?$",
        description="Address that people reach the platform by, through a proxy that ends TLS (https://…).",
    )
    solo: bool = Field(
        False, description="Run without accounts: whoever reaches the platform is its owner. On this machine only."
    )

    proxy: str = Field(
        "127.0.0.1",
        description="Addresses, split by commas, of the proxy at KTOP_PUBLIC_URL, which says where requests come from.",
    )
    demo: bool = Field(
        True,
        description="Fill a new installation with institutions and accounts to try it with; on this machine only.",
    )

    oidc_issuer: str | None = Field(
        None, description="Issuer of the OpenID Connect provider that people may sign in by; without it, none."
    )
    oidc_client_id: str = Field("", description="Name that the provider knows this installation by.")
    oidc_client_secret: str = Field(
        "", repr=False, description="Secret that the provider knows this installation by; keep it out of files."
    )

    smtp_host: str | None = Field(
        None,
        description="Mail server that invitations and notices are sent by; without it, links are shown on the page.",
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to the mail server is encrypted; none only within one machine."
    )
    smtp_user: str = Field("", description="Name that the mail server knows this installation by, where it asks.")
    smtp_password: str = Field("", repr=False, description="Password for the mail server; keep it out of files.")
    mail_from: str = Field("k-top@localhost", description="Address that letters come from.")
    letters_to_one: str = Field(
        "10/hour;30/day", pattern=_MOST_LETTERS, description="Most letters that go to one person, in an hour and a day."
    )
    letters_from_one: str = Field(
        "300/hour;2000/day",
        pattern=_MOST_LETTERS,
        description="Most letters by the doing of one organisation, in an hour and a day.",
    )

    connections: int = Field(400, ge=1, description="Connections held at the same time; further ones get 503.")
    header_seconds: float = Field(15.0, gt=0, description="Seconds within which the head of a request must arrive.")
    body_seconds: float = Field(30.0, gt=0, description="Seconds within which the body of a request must arrive.")
    grace_seconds: int = Field(
        10, ge=0, description="Seconds that requests being worked on have to finish when the server is told to end."
    )
    requests_per_minute: int = Field(
        6000, ge=1, description="Requests that one API key, or one signed-in user, may make to the API in a minute."
    )
    ratings_at_once: int = Field(4, ge=1, le=32, description="Requests that rate, worked on at the same time.")
    ratings_waiting: int = Field(
        32, ge=0, description="Requests that rate and wait for their turn; further ones get 503 with Retry-After."
    )
    upload_mb: int = Field(
        30, ge=1, le=500, description="Megabytes that an uploaded table of companies may have; larger ones get 413."
    )
    storage_mb_per_organisation: int = Field(
        2000,
        ge=0,
        description="Megabytes of files that one organisation may keep, 0 for no limit; what is beyond gets 413.",
    )
    web_processes: int = Field(
        1, ge=1, le=64, description="Processes that answer requests, on one port; each is one core's worth."
    )
    worker: bool = Field(
        True,
        description="Whether the server starts a worker beside it; off where `ktop worker` runs elsewhere.",
    )
    messages_days: int = Field(
        30, ge=1, description="Days that messages are kept after they were sent to all who listen, or given up."
    )
    repeats_hours: int = Field(
        24, ge=1, description="Hours that the answer to a request with an Idempotency-Key is kept and given again."
    )
    tables_days: int = Field(
        365, ge=1, description="Days that a table given to be rated, or for an effect, is kept; its answer stays."
    )
    jobs_at_once: int = Field(1, ge=1, le=32, description="Jobs that one worker does at the same time.")
    cluster: str | None = Field(
        None,
        pattern=r"^[^\s/:]+:\d{1,5}$",
        description="Host and port of the first node of a search cluster; without it, this machine holds the corpus.",
    )
    cluster_node: str | None = Field(
        None, description="Address of this machine's own node of the cluster, where it is not found by itself."
    )
    cluster_shares: int = Field(
        4, ge=1, le=1000, description="Parts that the cluster deals the corpus out to, a process each."
    )
    cluster_replicas: int = Field(
        1, ge=1, le=10, description="Processes that hold each part, on different nodes where there are as many."
    )
    cluster_seconds: float = Field(
        30.0, gt=0, le=600, description="Seconds within which the cluster answers completely, or an error is told."
    )
    webhooks_anywhere: bool = Field(
        False, description="Whether webhooks may go by http and into private networks; for trials only."
    )
    jobs_per_organisation: int = Field(
        2, ge=1, le=100, description="Jobs of one organisation that run at the same time, over all workers."
    )

    @property
    def address(self) -> str:
        """Address that people reach the platform by; signed results and QR codes name it."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def keys(self) -> Path:
        """Folder of the keys and secrets of this installation, its owner's alone."""
        return self.data / "keys"

    @property
    def demo_corpus(self) -> Path:
        """Folder of the synthetic demo corpus within the data folder."""
        return self.data / "demo-corpus"

    @property
    def corpus_in_force(self) -> Path:
        """Folder of the patent corpus that technologies are rated against where none is named."""
        return self.corpus or self.demo_corpus

    @property
    def cluster_token(self) -> Path:
        """File with the token that all nodes of the search cluster share."""
        return self.keys / "cluster.token"

    @property
    def models(self) -> Path:
        """Folder of the models this installation trained itself, and of the log of which is in force."""
        return self.data / "models"

    @property
    def database(self) -> str:
        """SQLAlchemy address in force."""
        return self.database_url or f"sqlite:///{self.data / 'ktop.sqlite3'}"
