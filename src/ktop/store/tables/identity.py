"""Tables of organisations, users, what proves who they are, and the programs that act for them.

``persons`` holds all that is known of a person; deleting its row and the credentials erases the person, while ledger,
ratings and audit keep the user's identifier.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from ktop.store.tables.base import Instant, identifier, metadata, tenant

#: Companies and institutions. ``kind``: company, agency, bank, investor, operator.
#: ``state``: active, suspended, merged.
organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),  # that of an institution is a short word: "ibk"
    Column("kind", String(16), nullable=False),
    Column("name_ko", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("business_number", String(10)),
    Column("state", String(16), nullable=False),
    Column("merged_into", String(64)),
    Column("demo", Boolean, nullable=False, server_default="0"),
    Column("settings", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_organisations_kind", "kind", "state"),
)

#: Somebody who signs in. ``state``: active, suspended, erased.
users = Table(
    "users",
    metadata,
    identifier(),
    Column("state", String(16), nullable=False),
    Column("demo", Boolean, nullable=False, server_default="0"),
    Column("created", Instant, nullable=False),
    Column("version", Integer, nullable=False),
)

#: What is known of a person, and nothing else is: login (folded to one case), name, address of mail, language.
persons = Table(
    "persons",
    metadata,
    Column("user", ForeignKey("users.id"), primary_key=True),
    Column("login", String(200), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("email", String(200)),
    Column("lang", String(2), nullable=False),
    Column("notices", Boolean, nullable=False, server_default="1"),  # letters of consents and results
)

#: Which role a user has in which organisation; ended ones stay.
memberships = Table(
    "memberships",
    metadata,
    identifier(),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("organisation", ForeignKey("organisations.id"), nullable=False),
    Column("role", String(40), nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    Index("ix_memberships_user", "user"),
    Index("ix_memberships_organisation", "organisation"),
)

#: What proves who somebody is. ``kind``: password, totp, recovery, passkey, oidc. ``secret`` is a hash, or sealed with
#: the installation's key where the secret itself is needed (totp); ``data`` holds what is public of it.
credentials = Table(
    "credentials",
    metadata,
    identifier(),
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(300), nullable=False),  # passkey id, "issuer subject" of a provider, else a label
    Column("secret", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("used", Instant),
    Index("ix_credentials_user", "user", "kind"),
    Index("ix_credentials_name", "kind", "name"),
)

#: Signed-in browsers, by the hash of their token. ``strength``: 1 one factor, 2 a second one as well.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),  # what a list shows and revokes by
    Column("user", ForeignKey("users.id"), nullable=False),
    Column("organisation", String(64)),
    Column("strength", Integer, nullable=False),
    Column("agent", String(200), nullable=False),
    Column("created", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("data", JSON, nullable=False),  # a challenge that waits for its answer
    Index("ix_sessions_user", "user"),
)

#: Failures to sign in, by the hash of a login or of an address, so that guessing is slowed without shutting others out.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
)

#: Links that let somebody join an organisation, or set a new password; found by the hash of their token.
invitations = Table(
    "invitations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("purpose", String(16), nullable=False),  # join, reset
    tenant(),
    Column("role", String(40)),
    Column("user", String(32)),
    Column("created", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
    Index("ix_invitations_tenant", "tenant"),
)

#: Keys of programs, by their public prefix; also the clients of OAuth 2 (client credentials).
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),  # the prefix a key is shown by
    tenant(),
    Column("name", String(200), nullable=False),
    Column("secret", String(64), nullable=False),  # SHA-256 of 256 random bits
    Column("scopes", JSON, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("revoked", Instant),
    Column("used", Instant),
    Column("version", Integer, nullable=False, server_default="1"),  # counts edits (ETag)
    Column("told_to", String(120)),  # who was told the present secret, where it has been replaced
    Index("ix_api_keys_tenant", "tenant"),
)

#: Tokens that a program got for its key, by their hash.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", ForeignKey("api_keys.id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    UniqueConstraint("id", "key", name="uq_access_tokens_key"),
)

#: Letters that wait to be sent by mail, each gone once it is. ``sealed``: address, subject and text, with the
#: installation's key; ``user``: whom it is to, where that is known, so that erasing the person takes it along.
letters = Table(
    "letters",
    metadata,
    identifier(),
    Column("user", String(32)),
    Column("sealed", Text, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("created", Instant, nullable=False),
    Index("ix_letters_due", "next_at"),
    Index("ix_letters_user", "user"),
)

#: Letters written in an hour or a day (``period``: "hour 2026-06-30T09", "day 2026-06-30"), by whom they
#: are to and whose doing they are.
letter_counts = Table(
    "letter_counts",
    metadata,
    Column(
        "whose", String(80), primary_key=True
    ),  # "to:" and a user or the hash of an address, "from:" an organisation
    Column("period", String(20), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", Instant, nullable=False),
)
