"""The judge of the proxy, in a separate process, so that requests never wait for it."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from contract_tests.errors import KitError
from contract_tests.findings.finding import Finding
from contract_tests.findings.known import Known, accepted
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.http.network import network
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.recording.har import HarWriter, close_har
from contract_tests.recording.reverse_proxy import MAX_KEPT
from contract_tests.settings import Settings
from contract_tests.text import printable, shortened

MAX_QUEUED = 1_000
"""Exchanges in the queue. Those that do not fit are not judged."""
MAX_BYTES = 64_000_000
"""The size of their bodies."""
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

Queued = tuple[Exchange, bool]
"""An exchange, and whether any before it was missed."""


class JudgeProcess:
    """The proxy's side of the judge's process."""

    def __init__(self, settings: Settings, size: int = MAX_QUEUED) -> None:
        self.missed = 0
        """The number of exchanges that did not fit into the queue."""
        self._settings = settings
        self._has_gap = False
        self._lock = threading.Lock()
        self._bytes = 0
        """The size of all bodies in the queue."""
        self._queue: queue.Queue[Queued | None] = queue.Queue(size)
        context = multiprocessing.get_context("spawn")
        self._pipe, child_end = context.Pipe()
        self.process = context.Process(
            target=_judge, args=(_without_other_secrets(settings), child_end), daemon=True
        )
        self.process.start()
        child_end.close()
        self._feeder = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._feeder.start()

    def take(self, exchange: Exchange) -> None:
        """Queue an exchange for the judge, if there is room."""
        size = len(exchange.request_body) + len(exchange.response_body)
        with self._lock:
            has_room = self._bytes + size <= MAX_BYTES and not self._queue.full()
            self._bytes += size * has_room
        if has_room:
            self._queue.put((exchange, self._has_gap))
        else:
            self.missed += 1
        self._has_gap = not has_room

    def finish(self, seconds: float) -> Result:
        """Wait until the queue is judged, and return the result. Raises KitError."""
        self._queue.put(None)
        self._feeder.join()
        try:
            self._pipe.send(None)
            outcome: Result | KitError = self._pipe.recv()
        except (OSError, EOFError):
            raise KitError("the judge's process ended early; there is no verdict") from None
        finally:
            self._pipe.close()
            self.process.join()
        if isinstance(outcome, KitError):
            raise outcome
        if self.missed:
            outcome.notes.append(
                f"{self.missed:,} exchanges were not judged, as they came faster than the judge"
            )
        return replace(
            outcome, settings=self._settings, seconds=seconds, source="passed on by the proxy"
        )

    def _feed(self) -> None:
        """Move exchanges from the queue to the pipe, which may block."""
        while (queued := self._queue.get()) is not None:
            try:
                self._pipe.send(queued)
            except OSError:  # the judge is gone, which ``finish`` reports
                self.missed += 1
            with self._lock:
                self._bytes -= len(queued[0].request_body) + len(queued[0].response_body)


def _without_other_secrets(settings: Settings) -> Settings:
    """Return the settings with no other variables than those of ``--header`` and ``--auth``."""
    names = {header.variable for header in settings.headers}
    names |= {settings.auth.variable} if settings.auth is not None else set()
    environment = settings.environment
    kept = {name: environment[name] for name in names if name and name in environment}
    return replace(settings, environment=kept)


def _judge(settings: Settings, pipe: Connection) -> None:
    """Run the judge: the main function of its process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the proxy ends the process
    from contract_tests.overlay.teaching import Teaching
    from contract_tests.recording.traffic import Traffic
    from contract_tests.reports import files
    from contract_tests.runner import knowledge_of

    teaching = Teaching(settings, Contract.load(settings.spec))
    live = Live(settings, teaching.known)
    contract = teaching.contract
    keyring = Keyring(contract.credential, foreign=True, public=contract.text)
    network(settings, keyring)  # so that what --header and --auth send is redacted
    traffic = Traffic(contract, keyring, knowledge_of(contract), on_new=live, teaching=teaching)
    har = None
    outcome: Result | KitError
    try:
        if "har" in settings.reports:
            har = HarWriter(settings.report_dir / files.HAR, settings, is_foreign=True)
        with suppress(EOFError):  # the proxy was killed
            while (queued := pipe.recv()) is not None:
                exchange, is_after_gap = queued
                if is_after_gap:
                    traffic.forget()
                kept = traffic.judge_foreign(decoded(exchange))
                if kept is not None and har is not None:
                    har(kept)
        unwritten = close_har(har, traffic.verdicts)
        outcome = traffic.result(settings, 0.0, list(traffic.verdicts))
        outcome.unwritten.update(unwritten)
    except KitError as error:
        outcome = error
    with suppress(OSError):
        pipe.send(outcome)


class Live:
    """Lists new findings on standard error."""

    def __init__(self, settings: Settings, known: Sequence[Known]) -> None:
        self._settings = settings
        self._known = known

    def __call__(self, finding: Finding) -> None:
        """Print a line for a new finding."""
        if self._settings.quiet:
            return
        is_known = bool(accepted(finding, self._known))
        grade = "known" if is_known else finding.grade(self._settings.policy)
        subject = f"{finding.operation} {finding.where} {finding.keyword}"
        expected = f"(expected: {shortened(finding.expected, 80)})"
        text = f"{grade:10}  {subject}: {shortened(finding.got, 80)} {expected}"
        with suppress(OSError):  # the reader of standard error is gone; the report follows
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()


def decoded(exchange: Exchange) -> Exchange:
    """Return an exchange with its response body decompressed."""
    coding = (exchange.response_header("content-encoding") or "").strip().lower()
    body = exchange.response_body
    if not body or coding in ("", "identity"):
        return exchange
    if coding not in _WINDOW_BITS:
        return replace(exchange, response_body=b"", response_body_known=False)
    is_bare = coding == "deflate" and body[0] & 0x0F != 8
    decompressor = zlib.decompressobj(-15 if is_bare else _WINDOW_BITS[coding])
    try:
        plain = decompressor.decompress(body, MAX_KEPT + 1)
    except zlib.error:
        plain = b""
    if len(plain) > MAX_KEPT:
        return replace(exchange, response_body=b"", response_body_known=False)
    error = "" if decompressor.eof else "the body is not in the encoding of Content-Encoding"
    return replace(exchange, response_body=plain, error=exchange.error or error)
