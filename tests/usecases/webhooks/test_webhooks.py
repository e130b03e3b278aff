"""Webhooks: told of what they ask for, signed, tried again, given up, sent again; and nobody's business but theirs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from ktop.catalogue import LANGS, message
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.domain.work.webhook import PAUSES, next_attempt
from ktop.kernel.errors import ChangedError, ConflictError, ForbiddenError, InputError, NotFoundError
from ktop.kernel.sealing import Sealer
from ktop.store import webhooks as room
from ktop.store.identity import OrganisationRow
from ktop.store.tables import outbox, webhook_deliveries, webhooks
from ktop.store.unit_of_work import Store
from ktop.usecases.webhooks.service import WebhookService, problem_sentence

BANK = Actor("kim", "bank-1", frozenset({"institution_administrator"}))
AGENCY = Actor("lee", "agency-1", frozenset({"agency_manager"}))


class Listening:
    """A server that keeps what it is sent and answers as it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"])).decode()
                outer.heard.append(({name.lower(): value for name, value in self.headers.items()}, content))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.send_header("location", "http://127.0.0.1:1/")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told?of=it"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=BACK_ENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store.open(database_url(request.param, tmp_path))


@pytest.fixture
def service(store: Store, tmp_path: Path) -> WebhookService:
    return WebhookService(lambda: store, Sealer(tmp_path / "keys" / "sealing.key"), anywhere=True)


def happen(store: Store, actor: Actor, action: str = "rating.made", others: tuple[str, ...] = ()) -> None:
    with store.unit(actor) as unit:
        unit.tell(action, "subject-1", {"kind": "company"}, others)


def deliver(service: WebhookService) -> None:
    while service.deliver(INSTALLATION):
        pass


def later(store: Store) -> None:
    """Let the pauses of all deliveries pass."""
    with store.engine.begin() as connection:
        connection.execute(update(webhook_deliveries).values(next_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_a_message_arrives_signed_and_once(store: Store, service: WebhookService, listening: Listening) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    happen(store, BANK)
    happen(store, BANK, "job.done")  # nobody asked for
    deliver(service)
    ((headers, content),) = listening.heard
    said = Receiver(made.secret).verify(content, headers)
    assert said["type"] == "rating.made"
    assert said["data"]["subject"] == "subject-1" and said["data"]["organisation"] == "bank-1"
    (sent,) = service.deliveries(BANK, made.webhook.id).items
    assert (sent.state, sent.attempts, sent.message) == ("delivered", 1, headers["webhook-id"])
    with store.engine.connect() as connection:
        assert connection.execute(select(outbox.c.id).where(outbox.c.sent.is_(None))).all() == []


def test_what_was_changed_replayed_late_or_sealed_elsewhere_does_not_verify(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    happen(store, BANK)
    deliver(service)
    headers, content = listening.heard[0]
    old = str(int(headers["webhook-timestamp"]) - 301)
    other = "whsec_" + "QUJD" * 10
    for wrong_headers, wrong_content, secret in (
        (headers, content.replace("bank-1", "bank-2"), made.secret),
        (headers | {"webhook-timestamp": old}, content, made.secret),
        (headers | {"webhook-id": "another"}, content, made.secret),
        (headers, content, other),
    ):
        with pytest.raises(WebhookVerificationError):
            Receiver(secret).verify(wrong_content, wrong_headers)


def test_a_secret_is_sealed_where_it_is_kept(store: Store, service: WebhookService, listening: Listening) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    with store.engine.connect() as connection:
        kept = connection.scalar(select(webhooks.c.secret))
    assert kept and made.secret.removeprefix("whsec_") not in kept
    assert made.secret not in repr(service.webhooks(BANK))


def test_what_fails_is_tried_again_with_the_same_id_and_a_new_signature(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    made = service.add(BANK, listening.url, ["rating.made"])
    listening.answers = [500, 302, 200]
    happen(store, BANK)
    deliver(service)
    (waits,) = service.deliveries(BANK, made.webhook.id).items
    assert (waits.state, waits.attempts, waits.problem) == ("waiting", 1, "HTTP 500")
    assert waits.next_at > datetime.now(UTC)
    assert service.deliver(INSTALLATION) == 0, "not before its pause is over"
    for _ in range(2):
        later(store)
        deliver(service)
    assert [headers["webhook-id"] for headers, _ in listening.heard] == [waits.message] * 3
    for headers, content in listening.heard:
        Receiver(made.secret).verify(content, headers)
    (done,) = service.deliveries(BANK, made.webhook.id).items
    assert (done.state, done.attempts, done.problem) == ("delivered", 3, ""), "a redirect is not followed"


def test_what_fails_too_often_is_given_up_shown_and_sent_again(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    listening.answers = [503] * (len(PAUSES) + 1)
    happen(store, BANK)
    for _ in range(len(PAUSES) + 1):
        deliver(service)
        later(store)
    (dead,) = service.deliveries(BANK, made.webhook.id, states=["dead"]).items
    assert (dead.attempts, dead.ended is not None) == (len(PAUSES) + 1, True)
    assert len({problem_sentence(dead.problem, lang) for lang in LANGS}) == 2
    assert service.deliver(INSTALLATION) == 0
    with pytest.raises(NotFoundError):
        service.send_again(AGENCY, dead.id)
    assert service.send_again(BANK, dead.id).state == "waiting"
    with pytest.raises(ConflictError):
        service.send_again(BANK, dead.id)
    deliver(service)
    assert service.deliveries(BANK, made.webhook.id).items[0].state == "delivered"


def test_a_receiver_that_is_gone_is_paused(store: Store, service: WebhookService, listening: Listening) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    listening.answers = [410]
    happen(store, BANK)
    deliver(service)
    assert service.webhook(BANK, made.webhook.id).state == "paused"
    assert service.deliveries(BANK, made.webhook.id).items[0].state == "dead"


def test_what_happens_while_paused_is_sent_afterwards(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    made = service.add(BANK, listening.url, ["rating"])
    service.change_state(BANK, made.webhook.id, "paused")
    happen(store, BANK)
    deliver(service)
    assert listening.heard == []
    service.change_state(BANK, made.webhook.id, "active")
    deliver(service)
    assert len(listening.heard) == 1
    service.remove(BANK, made.webhook.id)
    happen(store, BANK)
    deliver(service)
    assert len(listening.heard) == 1 and service.webhooks(BANK) == []


def test_a_suspended_organisation_is_told_of_nothing(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    with store.installation() as work:
        work.identity.add_organisation(OrganisationRow("bank-1", "bank", "은행", "Bank", "active", datetime.now(UTC)))
    service.add(BANK, listening.url, ["consent"])
    listening.answers = [500]
    happen(store, AGENCY, "consent.granted", ("bank-1",))
    deliver(service)
    for state, heard in (("suspended", 1), ("active", 2)):
        with store.installation() as work:
            known = work.identity.organisation("bank-1")
            work.identity.change_organisation("bank-1", known.version, state=state)
        later(store)
        if state == "suspended":
            happen(store, AGENCY, "consent.revoked", ("bank-1",))
        deliver(service)
        assert len(listening.heard) == heard
    assert {json.loads(content)["type"] for _, content in listening.heard} == {"consent.granted"}


def test_another_organisation_hears_only_what_it_is_told(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    mine = service.add(BANK, listening.url, ["consent", "rating"])
    happen(store, AGENCY, "rating.made")
    happen(store, AGENCY, "consent.given", ("bank-1",))
    deliver(service)
    assert [json.loads(content)["type"] for _, content in listening.heard] == ["consent.given"]
    for look in (
        lambda: service.webhook(AGENCY, mine.webhook.id),
        lambda: service.deliveries(AGENCY, mine.webhook.id),
        lambda: service.change_state(AGENCY, mine.webhook.id, "paused"),
        lambda: service.remove(AGENCY, mine.webhook.id),
    ):
        with pytest.raises(NotFoundError):
            look()
    assert service.webhooks(AGENCY) == []


def test_what_happened_before_a_webhook_was_registered_is_not_told(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    happen(store, BANK)
    service.add(BANK, listening.url, ["rating"])
    deliver(service)
    assert listening.heard == []


def test_two_workers_send_a_message_once(store: Store, service: WebhookService, listening: Listening) -> None:
    service.add(BANK, listening.url, ["rating"])
    for _ in range(10):
        happen(store, BANK)
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        deliver(service)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [headers["webhook-id"] for headers, _ in listening.heard]
    assert len(ids) == len(set(ids)) == 10


def test_who_may_and_what_is_taken(service: WebhookService, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = Actor("park", "bank-1", frozenset({"bank_officer"}))
    for call in (lambda: service.add(officer, "https://a.example/", ["rating"]), lambda: service.webhooks(officer)):
        with pytest.raises(ForbiddenError):
            call()
    with pytest.raises(ForbiddenError):
        service.deliver(LOCAL_OWNER)
    for topics in ([], ["no_such"], ["rating; drop"], ["rating"] * 51 + ["x"], ["*"]):
        with pytest.raises(InputError) as refused:
            service.add(BANK, "https://a.example/", topics)
        assert len({message(refused.value, lang) for lang in LANGS}) == 2
    monkeypatch.setattr(room, "MOST_WEBHOOKS", 1)
    service.add(BANK, "http://127.0.0.1:9/", ["rating"])
    with pytest.raises(ConflictError):
        service.add(BANK, "http://127.0.0.1:9/", ["rating"])


def test_the_pauses_grow_and_end() -> None:
    now = datetime.now(UTC)
    moments = [next_attempt(attempts, now) for attempts in range(1, len(PAUSES) + 2)]
    assert moments[-1] is None and moments[:-1] == sorted(moment for moment in moments if moment)


def test_every_action_that_is_told_belongs_to_a_topic_or_is_the_installation_s_own() -> None:
    import re

    from ktop.domain.work.webhook import topic_kinds

    sources = Path(__file__).parents[3] / "src" / "ktop"
    told: set[str] = set()
    for path in sources.rglob("*.py"):
        told |= set(re.findall(r'\btell\([^"\n]*"([a-z_]+)\.[a-z_]+"', path.read_text("utf-8")))
    own: set[Any] = {"webhook", "installation", "key", "user", "member", "organisation", "session", "institution"}
    own |= {"access", "account", "demo", "mail", "statistics"}
    assert {"rating", "batch"} <= told
    assert told - set(topic_kinds()) <= own


def test_both_secrets_sign_for_a_day_after_a_change_and_then_the_new_one_alone(
    store: Store, service: WebhookService, listening: Listening
) -> None:
    first = service.add(BANK, listening.url, ["rating"])
    second = service.rotate_secret(BANK, first.webhook.id, version=first.webhook.version)
    assert second.secret != first.secret and second.webhook.version == first.webhook.version + 1
    with pytest.raises(ChangedError):
        service.rotate_secret(BANK, first.webhook.id, version=first.webhook.version)
    happen(store, BANK)
    deliver(service)
    headers, content = listening.heard[0]
    for secret in (first.secret, second.secret):
        assert Receiver(secret).verify(content, headers)["type"] == "rating.made"
    with store.engine.begin() as connection:
        over = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(webhooks).values(former_until=over))
    happen(store, BANK)
    deliver(service)
    headers, content = listening.heard[1]
    assert Receiver(second.secret).verify(content, headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(first.secret).verify(content, headers)
    with pytest.raises(NotFoundError):
        service.rotate_secret(AGENCY, first.webhook.id)
