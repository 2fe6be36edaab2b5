"""The records of one vendor, in a database of its own: named collections of JSON documents."""

import functools
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import psycopg.sql
from django.conf import settings
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from apps.integrations.simulation.clockwork import clockwork

logger = logging.getLogger(__name__)

Json = dict[str, Any]  # a vendor's document: its shape is the vendor's business

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS simulators;
CREATE TABLE IF NOT EXISTS simulators.document (
    vendor text NOT NULL,
    collection text NOT NULL,
    key text NOT NULL,
    serial bigint GENERATED ALWAYS AS IDENTITY,
    body jsonb NOT NULL,
    due_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT document_pk PRIMARY KEY (vendor, collection, key)
);
CREATE INDEX IF NOT EXISTS document_newest
    ON simulators.document (vendor, collection, serial DESC);
CREATE INDEX IF NOT EXISTS document_body
    ON simulators.document USING gin (body jsonb_path_ops);
CREATE INDEX IF NOT EXISTS document_due
    ON simulators.document (vendor, collection, due_at) WHERE due_at IS NOT NULL;
"""
SCHEMA_LOCK = 7_305_114  # two processes that start together take turns
LEASE_SECONDS = 60  # work taken by a process that died is done by the next one


class Refused(Exception):
    """The simulator says no to the person or the test that drives it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Document:
    """One record of the vendor."""

    key: str
    body: Json
    serial: int
    created_at: datetime
    due_at: datetime | None = None


class Book:
    """The records of one vendor: named collections of JSON documents."""

    def __init__(self, vendor: str, url: str = "") -> None:
        self.vendor = vendor
        self._url = url

    def insert(
        self, collection: str, key: str, body: Json, *, due_at: datetime | None = None
    ) -> bool:
        """Write a new document; False, and nothing changed, when the key is taken."""
        with self._connection() as connection:
            cursor = connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body, due_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (self.vendor, collection, key, Jsonb(body), due_at),
            )
        clockwork.wake()
        return cursor.rowcount == 1

    def put(self, collection: str, key: str, body: Json, *, due_at: datetime | None = None) -> None:
        """Write a document, over an earlier one if there is one."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body, due_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (vendor, collection, key)"
                " DO UPDATE SET body = excluded.body, due_at = excluded.due_at",
                (self.vendor, collection, key, Jsonb(body), due_at),
            )
        clockwork.wake()

    def get(self, collection: str, key: str) -> Json | None:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT body FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (self.vendor, collection, key),
            ).fetchone()
        return row[0] if row else None

    def find(
        self, collection: str, match: Json | None = None, *, limit: int = 200
    ) -> list[Document]:
        """Documents that contain `match`, newest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT key, body, serial, created_at, due_at FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND body @> %s"
                " ORDER BY serial DESC LIMIT %s",
                (self.vendor, collection, Jsonb(match or {}), limit),
            ).fetchall()
        return [Document(*row) for row in rows]

    @contextmanager
    def locked(self, collection: str, key: str) -> Iterator[Json]:
        """The document with its row locked; changes made to it are kept unless the block raises.

        Raises KeyError when there is none. Do not call anybody over the network in here.
        """
        with self._connection() as connection, connection.transaction():
            row = connection.execute(
                "SELECT body FROM simulators.document"
                " WHERE vendor = %s AND collection = %s AND key = %s FOR UPDATE",
                (self.vendor, collection, key),
            ).fetchone()
            if row is None:
                raise KeyError(key)
            body: Json = row[0]
            yield body
            connection.execute(
                "UPDATE simulators.document SET body = %s"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (Jsonb(body), self.vendor, collection, key),
            )
        clockwork.wake()

    def schedule(self, collection: str, key: str, due_at: datetime | None) -> None:
        """Say when the document wants attention next, or that it wants none."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE simulators.document SET due_at = %s"
                " WHERE vendor = %s AND collection = %s AND key = %s",
                (due_at, self.vendor, collection, key),
            )
        clockwork.wake()

    def take_due(self, collection: str, limit: int = 64) -> list[Document]:
        """Documents whose time has come, for this caller alone until the lease ends."""
        with self._connection() as connection:
            rows = connection.execute(
                "UPDATE simulators.document AS d"
                " SET due_at = clock_timestamp() + make_interval(secs => %s)"
                " FROM (SELECT vendor, collection, key FROM simulators.document"
                "  WHERE vendor = %s AND collection = %s AND due_at <= clock_timestamp()"
                "  ORDER BY due_at, serial LIMIT %s FOR UPDATE SKIP LOCKED) AS due"
                " WHERE d.vendor = due.vendor AND d.collection = due.collection"
                " AND d.key = due.key"
                " RETURNING d.key, d.body, d.serial, d.created_at, d.due_at",
                (LEASE_SECONDS, self.vendor, collection, limit),
            ).fetchall()
        return sorted((Document(*row) for row in rows), key=lambda document: document.serial)

    def number(self, name: str, start: int = 1) -> int:
        """Count on: 1, 2, 3 … per name, without a repeat."""
        with self._connection() as connection:
            [(count,)] = connection.execute(
                "INSERT INTO simulators.document (vendor, collection, key, body)"
                " VALUES (%s, 'numbers', %s, to_jsonb(%s::bigint))"
                " ON CONFLICT (vendor, collection, key)"
                " DO UPDATE SET body = to_jsonb((document.body #>> '{}')::bigint + 1)"
                " RETURNING (body #>> '{}')::bigint",
                (self.vendor, name, start),
            ).fetchall()
        return int(count)

    def clear(self) -> None:
        """Forget everything, for a test that wants an empty vendor."""
        with self._connection() as connection:
            connection.execute("DELETE FROM simulators.document WHERE vendor = %s", (self.vendor,))

    def _connection(self) -> AbstractContextManager[psycopg.Connection[TupleRow]]:
        return _pool(self._url or settings.SIMULATORS_DATABASE_URL).connection()


@functools.cache
def _pool(url: str) -> ConnectionPool[psycopg.Connection[TupleRow]]:
    """One pool per process and database; makes the database and the schema when they are new."""
    _ensure_database(url)
    pool: ConnectionPool[psycopg.Connection[TupleRow]] = ConnectionPool(
        url,
        min_size=1,
        max_size=24,
        kwargs={"autocommit": True},
        # The simulators outlive the database's restarts, also those a fault test makes.
        check=ConnectionPool.check_connection,
        open=True,
    )
    with pool.connection() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        connection.execute(SCHEMA)
    return pool


def _ensure_database(url: str) -> None:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as failure:
        if "does not exist" not in str(failure):
            raise
    else:
        return
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    # `postgresql:///name` has no netloc; urlunsplit would then drop the two slashes.
    maintenance = urlunsplit(parts._replace(path="/postgres")).replace(
        "postgresql:/postgres", "postgresql:///postgres"
    )
    with psycopg.connect(maintenance, autocommit=True) as connection:
        try:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            )
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateDatabase):
            logger.info("The simulators' database was made by another process just now.")
