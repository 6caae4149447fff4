"""The SQLite database: its tables, its connections (one for each thread) and its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY, name TEXT, email TEXT, phone TEXT, organization TEXT, created_at INTEGER);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, account TEXT, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS members (organization TEXT, account TEXT);
CREATE TABLE IF NOT EXISTS ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, type TEXT, amount INTEGER,
  balance_after INTEGER, reference_type TEXT, reference_id TEXT, description TEXT,
  created_at INTEGER);
CREATE INDEX IF NOT EXISTS ledger_of ON ledger (account, seq);
CREATE TABLE IF NOT EXISTS usage (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, type TEXT, requests INTEGER,
  credits INTEGER, created_at INTEGER);
CREATE INDEX IF NOT EXISTS usage_of ON usage (account, created_at);
CREATE TABLE IF NOT EXISTS cards (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, stripe_id TEXT, brand TEXT,
  last4 TEXT, exp_month INTEGER, exp_year INTEGER, declines TEXT, is_default INTEGER,
  created_at INTEGER, removed_at INTEGER);
CREATE INDEX IF NOT EXISTS cards_of ON cards (account, seq);
CREATE TABLE IF NOT EXISTS recharge (
  account TEXT PRIMARY KEY, id TEXT, enabled INTEGER, threshold INTEGER, amount INTEGER,
  stripe_id TEXT, failures INTEGER, last_recharge_at INTEGER, last_failure TEXT,
  consent_text TEXT, consent_source TEXT, terms_version TEXT, updated_at INTEGER);
CREATE TABLE IF NOT EXISTS attempts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, status TEXT, amount INTEGER,
  before INTEGER, after INTEGER, card TEXT, invoice TEXT, reason TEXT, created_at INTEGER);
CREATE TABLE IF NOT EXISTS invoices (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, number INTEGER, status TEXT,
  amount INTEGER, description TEXT, period_start INTEGER, period_end INTEGER,
  created_at INTEGER, paid_at INTEGER);
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, action TEXT, actor TEXT,
  details TEXT, created_at INTEGER);
CREATE INDEX IF NOT EXISTS audit_of ON audit (account, seq);
CREATE TABLE IF NOT EXISTS activity (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, account TEXT, type TEXT, description TEXT,
  amount INTEGER, created_at INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY, account TEXT, kind TEXT, amount INTEGER, price_id TEXT, promo_code TEXT,
  recharge INTEGER, threshold INTEGER, recharge_amount INTEGER, status TEXT,
  success_url TEXT, cancel_url TEXT, created_at INTEGER, expires_at INTEGER);
CREATE TABLE IF NOT EXISTS redemptions (account TEXT, code TEXT);
CREATE TABLE IF NOT EXISTS subscriptions (
  account TEXT PRIMARY KEY, id TEXT, plan TEXT, status TEXT, period_start INTEGER,
  period_end INTEGER, pending TEXT, started_at INTEGER);
CREATE TABLE IF NOT EXISTS alerts (
  account TEXT PRIMARY KEY, enabled INTEGER, threshold_50_enabled INTEGER,
  threshold_75_enabled INTEGER, threshold_90_enabled INTEGER, threshold_100_enabled INTEGER,
  email_enabled INTEGER, webhook_url TEXT, updated_at INTEGER);
CREATE TABLE IF NOT EXISTS fired (account TEXT, period TEXT, threshold INTEGER);
CREATE TABLE IF NOT EXISTS challenges (
  id TEXT PRIMARY KEY, account TEXT, action TEXT, method TEXT, code TEXT, attempts INTEGER,
  used INTEGER, expires_at INTEGER);
CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, channel TEXT, destination TEXT,
  challenge TEXT, code TEXT, text TEXT, created_at INTEGER);
"""


class Database:
    """An SQLite file that many threads use, each through a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        connection = self.connection()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.open()
        return connection

    def open(self) -> sqlite3.Connection:
        """Return a new connection, which any one thread at a time may use."""
        connection = sqlite3.connect(
            self._path, timeout=20, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[sqlite3.Connection]:
        """Run a block in a transaction, which an exception undoes."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


class Replica:
    """Reads the database as it was one to two intervals ago.

    An open read transaction goes on seeing the database as it was when the transaction began.
    """

    def __init__(self, database: Database, interval: float) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._snapshots = [self._snapshot()]
        self._interval = interval
        threading.Thread(target=self._run, daemon=True).start()

    def _snapshot(self) -> sqlite3.Connection:
        connection = self._database.open()
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM accounts").fetchone()
        return connection

    def _run(self) -> None:
        stopped = threading.Event()
        while not stopped.wait(self._interval):
            newest = self._snapshot()
            with self._lock:
                *old, last = self._snapshots
                self._snapshots = [last, newest]
                for connection in old:
                    connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run a block that reads from the older snapshot."""
        with self._lock:
            yield self._snapshots[0]
