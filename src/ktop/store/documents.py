"""Files that an organisation keeps: given by somebody, or made of a rating, a batch or a consent."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.engine import Row

from ktop.domain.party.actor import Actor
from ktop.kernel.errors import NotFoundError
from ktop.store.replica import content_of
from ktop.store.storage import delete_files, take_room
from ktop.store.tables import documents
from ktop.store.tables.base import new_id


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a file without reading it. ``subject`` is the identifier of what it belongs to."""

    id: str
    kind: str
    name: str
    media_type: str
    subject: str
    sha256: str
    created: datetime
    made_by: str


_KNOWN = [documents.c[field.name] for field in fields(Document)]


class DocumentRepository:
    """The files of an actor's organisation, within one transaction."""

    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection, self._actor = connection, actor

    def add(self, *, kind: str, name: str, media_type: str, subject: str, content: bytes) -> Document:
        """Keep a file and return it with its new identifier; raises ``TooLargeError`` where no room is left for it."""
        take_room(self._connection, self._actor, len(content))
        made = Document(
            id=new_id(),
            kind=kind,
            name=name[-200:],
            media_type=media_type,
            subject=subject,
            sha256=hashlib.sha256(content).hexdigest(),
            created=datetime.now(UTC),
            made_by=self._actor.user,
        )
        values: dict[str, Any] = {field.name: getattr(made, field.name) for field in fields(Document)}
        self._connection.execute(insert(documents).values(**values, tenant=self._actor.organisation, content=content))
        return made

    def get(self, document_id: str) -> Document:
        """Return what is known of one file; raises ``NotFoundError`` where there is none of that identifier."""
        return _document(self._found(document_id))

    def content(self, document_id: str) -> bytes:
        """Return one file; raises ``NotFoundError`` where there is none of that identifier."""
        self._found(document_id)
        tenant = self._actor.organisation
        found = content_of(self._connection, self._actor, tenant, document_id, documents.c.content)
        if found is None:
            raise NotFoundError("store.document_not_found")
        return bytes(found[0])

    def of(self, subjects: Collection[str], kind: str) -> list[Document]:
        """Return the files of a kind that belong to one of the subjects, oldest first."""
        query = select(*_KNOWN).where(
            documents.c.tenant == self._actor.organisation,
            documents.c.subject.in_(subjects),
            documents.c.kind == kind,
        )
        ordered = query.order_by(documents.c.created, documents.c.id)
        return [_document(row) for row in self._connection.execute(ordered)]

    def remove(self, subject: str, kind: str) -> int:
        """Remove the files of a kind that belong to a subject; return how many."""
        mine = documents.c.tenant == self._actor.organisation
        return delete_files(self._connection, mine & (documents.c.subject == subject) & (documents.c.kind == kind))

    def _found(self, document_id: str) -> Row[Any]:
        mine = (documents.c.id == document_id, documents.c.tenant == self._actor.organisation)
        found = self._connection.execute(select(*_KNOWN).where(*mine)).one_or_none()
        if found is None:
            raise NotFoundError("store.document_not_found")
        return found


def _document(row: Row[Any]) -> Document:
    return Document(**{field.name: getattr(row, field.name) for field in fields(Document)})
