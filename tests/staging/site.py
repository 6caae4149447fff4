"""The deployment: settings, clock and database; and an account's books in a transaction."""

from __future__ import annotations

import random
import secrets
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.staging.database import Database, Replica
from tests.staging.deviations import Deviations

SECOND, DAY = 1_000, 86_400_000
"""Milliseconds; all times are milliseconds since 1970."""
ADMIN_TOKEN = "staging-admin-token"
WEBHOOK_SECRET = "whsec_staging_0f5c2a"


class Site:
    """One deployment."""

    def __init__(self, database: Path, deviations: Deviations, base_url: str) -> None:
        self.deviations = deviations
        self.base_url = base_url
        self.database = Database(database)
        self.limit_per_minute = 60_000
        self.cache: dict[Any, tuple[int, Any]] = {}
        """Values that faults keep for too long: until when, and the value."""
        self.deliveries: list[dict[str, Any]] = []
        self.random = random.Random(11)  # noise only
        self.lock = threading.Lock()
        self._offset = 0
        self._windows: dict[str, tuple[int, int]] = {}
        self.replica: Replica | None = None

    def on(self, name: str) -> bool:
        """Return whether a switch, a fault or a noise is on."""
        return name in self.deviations.names

    def now(self) -> int:
        """Return the time of the test clock."""
        return time.time_ns() // 1_000_000 + self._offset

    def advance(self, milliseconds: int) -> None:
        """Set the test clock forward."""
        self._offset += milliseconds

    def identifier(self, kind: str) -> str:
        """Return a new id of a kind of object."""
        if self.on("prefixed_ids"):
            return f"{kind}_{secrets.token_hex(12)}"
        return str(uuid.uuid4())

    def stamp(self, at: int | None) -> str | None:
        """Return a time as the API writes it."""
        if at is None:
            return None
        text = datetime.fromtimestamp(at // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        if self.on("offset_timestamps"):
            return f"{text}.{at % 1_000:03d}+00:00"
        if self.on("second_timestamps"):
            return f"{text}Z"
        digits = "417" if self.on("microsecond_timestamps") else ""
        return f"{text}.{at % 1_000:03d}{digits}Z"

    def count(self, caller: str, cost: int) -> tuple[int, int]:
        """Count a request; return what is left of the minute, negative if too many, and its end."""
        minute = int(time.time()) // 60
        with self.lock:
            begun, used = self._windows.get(caller, (minute, 0))
            used = cost if begun != minute else used + cost
            if used <= self.limit_per_minute:
                self._windows[caller] = (minute, used)
        return self.limit_per_minute - used, (minute + 1) * 60

    @contextmanager
    def writing(self, account: str) -> Iterator[Books]:
        """Run a block that changes an account's books, as a whole or not at all."""
        with self.database.transaction(writes=True) as connection:
            yield Books(self, connection, account, self.now())

    @contextmanager
    def reading(self, account: str) -> Iterator[Books]:
        """Run a block that reads an account's books as they are at one moment."""
        if self.replica is not None:
            with self.replica.reading() as connection:
                books = Books(self, connection, account, self.now())
                if books.are_opened:  # those of a new account are read where they were written
                    yield books
                    return
        with self.database.transaction(writes=False) as connection:
            yield Books(self, connection, account, self.now())


class Books:
    """An account's tables within a transaction; queries may name `:account` and `:now`."""

    def __init__(self, site: Site, connection: sqlite3.Connection, account: str, now: int) -> None:
        self.site = site
        self.account = account
        self.now = now
        self._connection = connection

    @property
    def are_opened(self) -> bool:
        """Whether the account exists in these tables."""
        return self.row("SELECT 1 FROM accounts WHERE id = :account") is not None

    def at(self, now: int) -> Books:
        """Return the same books at another time."""
        return Books(self.site, self._connection, self.account, now)

    def of(self, account: str) -> Books:
        """Return the books of another account in the same transaction."""
        return Books(self.site, self._connection, account, self.now)

    def _execute(self, sql: str, values: dict[str, Any]) -> sqlite3.Cursor:
        return self._connection.execute(sql, {"account": self.account, "now": self.now, **values})

    def rows(self, sql: str, **values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self._execute(sql, values).fetchall()

    def row(self, sql: str, **values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, if there is one."""
        row: sqlite3.Row | None = self._execute(sql, values).fetchone()
        return row

    def number(self, sql: str, **values: Any) -> int:
        """Return the number in the first column of the first row; 0 if there is none."""
        row = self.row(sql, **values)
        return int(row[0]) if row is not None and row[0] is not None else 0

    def run(self, sql: str, **values: Any) -> int:
        """Change rows; return how many."""
        return self._execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> None:
        """Insert a row of this account."""
        row = {"account": self.account, **values}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self._execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
