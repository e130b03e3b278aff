"""Letters: off unless set, sealed while they wait, sent once, tried again, never broken out of."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from consenting import GAON, terms
from databases import BACK_ENDS, database_url
from people import PASSWORD, Installation
from sqlalchemy import select, update

from ktop.domain.party.actor import INSTALLATION, VISITOR, Actor
from ktop.kernel.errors import ForbiddenError, InputError
from ktop.kernel.sealing import Sealer
from ktop.store.identity import OrganisationRow
from ktop.store.letters import PAUSES
from ktop.store.tables import audit_events, letters
from ktop.store.tables import consents as consent_rows
from ktop.store.unit_of_work import Store
from ktop.usecases.accounts.interface import Browser
from ktop.usecases.consent.service import ConsentService
from ktop.usecases.mail.notices import Notices
from ktop.usecases.mail.post import PostOffice, read_address
from ktop.usecases.mail.service import MailServer, MailService
from ktop.usecases.webhooks.service import WebhookService


class Listening(socketserver.ThreadingTCPServer):
    """As much of an SMTP server as a letter needs; it refuses one domain, and everything while it is off."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[EmailMessage] = []
        self.off = False
        super().__init__(("127.0.0.1", 0), _Conversation)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Conversation(socketserver.StreamRequestHandler):
    server: Listening

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def handle(self) -> None:
        if self.server.off:
            self.say("421 4.3.2 not now")
            return
        self.say("220 stand-in")
        for line in self.rfile:
            word = line.decode().split()[0].upper()
            if word == "DATA":
                self.say("354 go on")
                content = b""
                while not content.endswith(b"\r\n.\r\n"):
                    content += self.rfile.readline()
                read: Any = email.message_from_bytes(content[:-5], policy=default)
                self.server.heard.append(read)
            refused = word == "RCPT" and b"refused.example" in line
            self.say("550 5.1.1 nobody here" if refused else "221 bye" if word == "QUIT" else "250 ok")


@pytest.fixture
def server() -> Iterator[Listening]:
    with Listening() as made:
        yield made
        made.shutdown()


@pytest.fixture(params=BACK_ENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path, server: Listening) -> Iterator[Installation]:
    store = Store.open(database_url(request.param, tmp_path))
    made = Installation(store, tmp_path)
    made.add_organisation("bank", "bank")
    made.add_user("admin", ("bank", "institution_administrator"), demo=True)
    at = MailServer("127.0.0.1", server.server_address[1], "none", "", "", "k-top@bank.example")
    made.mail = MailService(lambda: store, Sealer(tmp_path / "sealing.key"), at, made.clock)
    yield made
    store.engine.dispose()


ADMIN = Actor("admin", "bank", frozenset({"institution_administrator"}))


def waiting(house: Installation) -> list[str]:
    with house.store.installation(reading=True) as work:
        return list(work.connection.execute(select(letters.c.sealed)).scalars())


def test_an_invitation_goes_by_mail_once_and_waits_sealed(house: Installation, server: Listening) -> None:
    made = house.members.invite(ADMIN, "bank_officer", email=" new@bank.example", origin="https://k.example")
    assert made.mailed
    (sealed,) = waiting(house)
    assert made.token not in sealed and "new@bank.example" not in sealed
    assert house.mail.deliver(INSTALLATION) == 1 and house.mail.deliver(INSTALLATION) == 0
    (letter,) = server.heard
    assert (letter["to"], letter["from"]) == ("new@bank.example", "k-top@bank.example")
    assert letter["subject"] == "[K-TOP] bank 기관 초대 / [K-TOP] Invitation to bank"
    text = letter.get_content()
    assert text.count(f"https://k.example/join/{made.token}") == 2 and "bank 기관이" in text
    assert waiting(house) == []


def test_without_an_address_or_a_server_the_link_is_shown_as_before(house: Installation) -> None:
    assert not house.members.invite(ADMIN, "bank_officer").mailed
    off = PostOffice(Sealer(Path("unused")), sends=False)
    with house.store.installation() as work:
        assert not off.write(work, "password_changed", "a@bank.example", house.clock.now, sender="bank")
    assert waiting(house) == []
    assert MailService(lambda: house.store, Sealer(Path("unused")), None).deliver(INSTALLATION) == 0


def test_a_person_is_told_of_changes_of_the_account_in_their_language(house: Installation, server: Listening) -> None:
    house.add_user("kim", ("bank", "bank_officer"), demo=True)
    token = house.accounts.sign_in(VISITOR, "kim", PASSWORD, Browser("192.0.2.1")).token
    asker = house.accounts.asker(VISITOR, token)
    assert asker is not None
    with pytest.raises(InputError):
        house.accounts.change_email(asker.actor, "kim@bank.example", "wrong password")
    house.accounts.change_email(asker.actor, "kim@bank.example", PASSWORD, notices=False)
    shown = house.accounts.account(asker.actor)
    assert (shown.email, shown.notices) == ("kim@bank.example", False), (
        "letters on the account itself come all the same"
    )
    house.accounts.change_password(asker.actor, PASSWORD, "tanrekoi vulmi pesado")
    house.mail.deliver(INSTALLATION)
    assert [(one["to"], one["subject"]) for one in server.heard] == [
        ("kim@bank.example", "[K-TOP] 비밀번호가 바뀌었습니다")
    ]


def test_what_is_not_taken_is_tried_again_and_then_given_up(house: Installation, server: Listening) -> None:
    house.members.invite(ADMIN, "bank_officer", email="a@refused.example")
    house.members.invite(ADMIN, "bank_officer", email="b@bank.example")
    assert house.mail.deliver(INSTALLATION) == 2
    assert [one["to"] for one in server.heard] == ["b@bank.example"], "one refused letter holds up no other"
    assert house.mail.deliver(INSTALLATION) == 0, "not before its pause is over"
    server.off = True
    for pause in PAUSES:
        house.clock.now += pause
        assert house.mail.deliver(INSTALLATION) == 1
    assert waiting(house) == []


def test_nobody_is_flooded_and_the_trail_tells_it_once(house: Installation, tmp_path: Path) -> None:
    post = PostOffice(Sealer(tmp_path / "sealing.key"), sends=True, to_one="2/hour;3/day", from_one="4/hour")

    def write(to: str, kind: str = "reset", sender: str = "bank") -> bool:
        told = {"organisation": "은행", "day": "2026-12-01", "address": "https://k.example"}
        with house.store.installation() as work:
            return post.write(work, kind, to, house.clock.now, sender=sender, **told)

    assert [write(to) for to in ("a@k.example", "A@k.example", "a@k.example", "a@k.example")] == [
        True,
        True,
        False,
        False,
    ]
    assert not write("b@k.example"), "what was held back counts for its sender, too"
    assert write("b@k.example", sender="other") and not write("a@k.example", sender="third")
    assert write("a@k.example", "password_changed"), "what warns the person goes always"
    house.clock.now += timedelta(hours=1)
    assert not write("a@k.example", sender="third"), "the day's limit"
    house.clock.now += timedelta(days=1)
    assert write("a@k.example")
    with house.store.installation(reading=True) as work:
        told = work.connection.execute(select(audit_events).where(audit_events.c.action == "mail.withheld")).all()
    assert [(one.details["limit"], one.details["most"]) for one in told] == [
        ("to_one", 2),
        ("to_one", 3),
        ("from_one", 4),
    ]
    assert "k.example" not in str(told)


def test_only_the_installation_sends(house: Installation) -> None:
    with pytest.raises(ForbiddenError):
        house.mail.deliver(ADMIN)


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "a",
            "a@b",
            "@b.example",
            "a@b..example",
            "a b@c.example",
            "a@c.example\nBcc: d@e.example",
            "a@[127.0.0.1]",
        ),
        *(
            "a@c.example\r\n\r\nbody",
            "a@c.example, d@e.example",
            "<a@c.example>",
            "가@c.example",
            "a" * 65 + "@c.example",
        ),
    ],
)
def test_what_is_no_address_or_more_than_one_is_refused(given: str) -> None:
    with pytest.raises(InputError):
        read_address(given)


def test_consents_and_results_are_told_to_who_may_act_and_wants_to_know(house: Installation, server: Listening) -> None:
    store, now = house.store, house.clock.now
    with store.installation() as work:
        work.identity.add_organisation(OrganisationRow("gaon", "company", "가온정밀", "Gaon", "active", now, GAON))
    people = {
        "owner": (("gaon", "company_owner"), True, True),
        "staff": (("gaon", "company_staff"), True, True),  # may not give consents
        "officer": (("bank", "bank_officer"), True, True),
        "quiet": (("bank", "bank_officer"), True, False),
        "nowhere": (("bank", "bank_officer"), False, True),
    }
    for login, (role, known, wanted) in people.items():
        user = house.add_user(login, role, demo=True)
        with store.installation() as work:
            work.identity.set_email(user, f"{login}@k.example" if known else None, notices=wanted)
    notices = Notices(house.accounts._post, "https://k.example/")
    webhooks = WebhookService(lambda: store, Sealer(Path("unused")), notices=notices.write)
    consents = ConsentService(lambda: store)
    officer, owner = Actor("o", "bank", frozenset({"bank_officer"})), Actor("c", "gaon", frozenset({"company_owner"}))
    asked = consents.request(officer, GAON, terms(), "대출 심사").consent.id
    consents.grant(owner, asked, None, "")
    less = consents.narrow(owner, asked, terms(valid_until=terms().valid_from), "").consent.id
    consents.revoke(owner, less, "비밀 사유")
    consents.reject(owner, consents.request(officer, GAON, terms(), "대출 심사").consent.id, "비밀 사유")
    late = consents.give(owner, "bank", terms(valid_until=terms().valid_from), "").consent.id
    with store.installation() as work:
        past = {"valid_until": terms().valid_from - timedelta(days=1)}
        work.connection.execute(update(consent_rows).where(consent_rows.c.id == late).values(**past))
    with pytest.raises(ForbiddenError):
        consents.tend(officer)
    assert (consents.tend(INSTALLATION), consents.tend(INSTALLATION)) == (1, 0)
    assert consents.consent(officer, late).changes[-1].by == "installation"
    for who, step, other in ((officer, "asked", "gaon"), (owner, "accepted", "bank"), (owner, "declined", "bank")):
        with store.unit(who) as unit:
            unit.tell(f"discovery.contact_{step}", "x", {}, [other])
    chief = house.add_user("chief", ("bank", "institution_administrator"), demo=True)
    with store.installation() as work:
        work.identity.set_email(chief, "chief@k.example", notices=True)
    with store.unit(officer) as unit:  # the event of somebody's leaving
        unit.tell("key.left_behind", "o", {"keys": ["0"]}, ["bank"])
    webhooks.deliver(INSTALLATION)
    house.clock.now = datetime.now(UTC)
    house.mail.deliver(INSTALLATION)
    told = sorted((one["to"], one["subject"]) for one in server.heard)
    assert told == [
        ("chief@k.example", "[K-TOP] 떠난 사람이 만든 API 키가 사용 중입니다"),
        ("officer@k.example", "[K-TOP] 동의 범위가 좁아졌습니다"),
        ("officer@k.example", "[K-TOP] 동의 요청이 거절되었습니다"),
        ("officer@k.example", "[K-TOP] 동의가 만료되었습니다"),
        ("officer@k.example", "[K-TOP] 동의가 철회되었습니다"),
        ("officer@k.example", "[K-TOP] 동의를 받았습니다"),
        ("officer@k.example", "[K-TOP] 동의를 받았습니다"),
        ("officer@k.example", "[K-TOP] 연락 요청이 받아들여졌습니다"),
        ("owner@k.example", "[K-TOP] 동의 요청"),
        ("owner@k.example", "[K-TOP] 동의 요청"),
        ("owner@k.example", "[K-TOP] 동의가 만료되었습니다"),
        ("owner@k.example", "[K-TOP] 연락 요청이 왔습니다"),
    ]
    texts = [one.get_content() for one in server.heard]
    (own,) = (one for one in server.heard if one["to"].startswith("owner") and "만료" in one["subject"])
    assert "bank 기관과" in own.get_content()
    pages = {"연락": "discovery", "API 키": "organisation/keys"}
    for text in texts:
        page = next((page for word, page in pages.items() if word in text), "consents")
        assert f"https://k.example/{page}" in text
    assert not any(word in text for text in texts for word in ("비밀 사유", "대출", "Owner", "Officer", GAON, asked))
    assert webhooks.deliver(INSTALLATION) == house.mail.deliver(INSTALLATION) == 0
