"""How many bytes of files organisations keep, and the most that an installation lets each of them keep.

The sum is kept beside the files and changes with them in one transaction: adding it up anew for each file would take
longer the more there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, bindparam, delete, func, select, text, update

from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.errors import TooLargeError
from ktop.store.tables import documents, storage

#: The execution option of an engine, and of its connections: bytes that one organisation may keep.
_MOST = "ktop_storage_bytes"
#: Whoever has the machine has its disk.
_UNLIMITED = frozenset((LOCAL_OWNER.organisation, INSTALLATION.organisation))
_NO_LIMIT = 2**62

_BEGUN = text("INSERT INTO storage (tenant, bytes) VALUES (:whose, 0) ON CONFLICT DO NOTHING")
_CHANGED = (
    update(storage)
    .where(
        storage.c.tenant == bindparam("whose"),
        storage.c.bytes + bindparam("more", type_=BigInteger) <= bindparam("most"),
    )
    .values(bytes=storage.c.bytes + bindparam("more", type_=BigInteger))
)


def with_limit(engine: Engine, most_bytes: int) -> Engine:
    """Return the engine with the bytes of files that one organisation may keep; 0 for no limit."""
    return engine.execution_options(**{_MOST: most_bytes})


def take_room(connection: Connection, actor: Actor, size: int) -> None:
    """Count ``size`` bytes more that the actor's organisation keeps.

    Others of the organisation wait until the transaction ends, so that two at a time cannot pass the limit. Raises
    ``TooLargeError`` where they would be beyond it.
    """
    organisation = actor.organisation
    limit = 0 if organisation in _UNLIMITED else connection.get_execution_options().get(_MOST, 0)
    change = {"whose": organisation, "more": size, "most": limit or _NO_LIMIT}
    if connection.execute(_CHANGED, change).rowcount == 1:
        return
    connection.execute(_BEGUN, {"whose": organisation})  # its first file, or it is one too many
    if connection.execute(_CHANGED, change).rowcount != 1:
        kept = bytes_kept(connection, [organisation])[organisation]
        raise TooLargeError("store.storage_full", kept_mb=kept / 1e6, most_mb=limit // 1_000_000)


def delete_files(connection: Connection, which: ColumnElement[bool]) -> int:
    """Delete files, and count their bytes no longer; return how many they were."""
    sizes = delete(documents).where(which).returning(documents.c.tenant, func.length(documents.c.content))
    freed: Counter[str] = Counter()
    gone = connection.execute(sizes).all()
    for organisation, size in gone:
        freed[organisation] += size
    for organisation in sorted(freed):  # in one order, so that two at a time wait for each other and not in a circle
        connection.execute(_CHANGED, {"whose": organisation, "more": -freed[organisation], "most": _NO_LIMIT})
    return len(gone)


def bytes_kept(connection: Connection, organisations: Collection[str]) -> dict[str, int]:
    """Return the bytes of all files that each organisation keeps."""
    found = connection.execute(select(storage).where(storage.c.tenant.in_(organisations)))
    return {**dict.fromkeys(organisations, 0), **{row.tenant: row.bytes for row in found}}
