"""What all tables share: fixed names of constraints, identifiers, instants with their zone."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, MetaData, String
from sqlalchemy.types import TypeDecorator

# Constraint names are fixed so that migrations can refer to them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Numbers that count rows up; SQLite counts only columns of its own kind of integer, which is as long.
Serial = BigInteger().with_variant(Integer(), "sqlite")

#: Length of an identifier: 128 random bits, hexadecimal.
ID_LENGTH = 32


def new_id() -> str:
    """Return an identifier that nobody can guess: 128 random bits, 32 hexadecimal digits."""
    return secrets.token_hex(ID_LENGTH // 2)


class Instant(TypeDecorator[datetime]):
    """A moment: stored in UTC, given back with its zone also by SQLite, which drops it.

    Raises ``ValueError`` for a moment without a zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def identifier(name: str = "id", *, primary: bool = True, nullable: bool = False) -> Column[str]:
    """Return a column that holds an identifier, by default the table's own."""
    return Column(name, String(ID_LENGTH), primary_key=primary, nullable=nullable)


def tenant(name: str = "tenant") -> Column[str]:
    """Return the column of the organisation whose row it is: 64 characters, as identifiers before 0003 were longer."""
    return Column(name, String(64), nullable=False)
