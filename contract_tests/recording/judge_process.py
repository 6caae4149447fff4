"""The judge beside the proxy: it hears of what has been passed on, in a process of its own, and nobody waits for it."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import threading
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import date
from multiprocessing.connection import Connection

from contract_tests.errors import KitError
from contract_tests.findings.baseline import Baseline
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.recording.har import HarWriter
from contract_tests.recording.reverse_proxy import MAX_KEPT
from contract_tests.settings import Settings
from contract_tests.text import printable, shortened

WAITING = 1_000
MAX_BYTES = 64_000_000
"""Exchanges that may wait for the judge, and how large their bodies may be. What finds no room is not judged."""
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

Waiting = tuple[Exchange, bool]
"""An exchange, and whether some before it were missed."""


class JudgeProcess:
    """The proxy's end."""

    def __init__(self, settings: Settings, room: int = WAITING) -> None:
        self.missed = 0
        """Exchanges for which there was no room."""
        self._settings = settings
        self._has_gap = False
        self._lock = threading.Lock()
        self._bytes = 0
        """How large the bodies are that wait."""
        self._waiting: queue.Queue[Waiting | None] = queue.Queue(room)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_judge, args=(replace(settings, environment={}), theirs), daemon=True
        )
        self.process.start()
        theirs.close()
        self._feeder = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._feeder.start()

    def take(self, exchange: Exchange) -> None:
        """Have an exchange judged, if there is room."""
        size = len(exchange.request_body) + len(exchange.response_body)
        with self._lock:
            has_room = self._bytes + size <= MAX_BYTES and not self._waiting.full()
            self._bytes += size * has_room
        if has_room:
            self._waiting.put((exchange, self._has_gap))
        else:
            self.missed += 1
        self._has_gap = not has_room

    def finish(self, seconds: float) -> Result:
        """Have judged what is waiting: what came of it all. Raises KitError."""
        self._waiting.put(None)
        self._feeder.join()
        try:
            self._pipe.send(None)
            outcome: Result | KitError = self._pipe.recv()
        except (OSError, EOFError):
            raise KitError(
                "the judge's process ended before its time; there is no verdict"
            ) from None
        finally:
            self._pipe.close()
            self.process.join()
        if isinstance(outcome, KitError):
            raise outcome
        if self.missed:
            outcome.notes.append(
                f"{self.missed:,} exchanges came faster than they could be judged, and were not"
            )
        return replace(
            outcome, settings=self._settings, seconds=seconds, source="passed on by the proxy"
        )

    def _feed(self) -> None:
        """Waits for the pipe, so that nobody else must."""
        while (waiting := self._waiting.get()) is not None:
            try:
                self._pipe.send(waiting)
            except OSError:  # the judge is gone, which is said at the end
                self.missed += 1
            with self._lock:
                self._bytes -= len(waiting[0].request_body) + len(waiting[0].response_body)


def _judge(settings: Settings, pipe: Connection) -> None:
    """The judge's end: the whole life of its process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the proxy says when it is over
    from contract_tests.recording.traffic import Traffic
    from contract_tests.reports import files
    from contract_tests.runner import knowledge_of

    known = Baseline.load(settings.baseline, date.today()) if settings.baseline else None
    live = Live(settings, known)
    contract = Contract.load(settings.spec)
    keyring = Keyring(contract.credential, foreign=True)
    traffic = Traffic(contract, keyring, knowledge_of(contract), on_new=live)
    har = None
    outcome: Result | KitError
    try:
        if "har" in settings.reports:
            har = HarWriter(settings.report_dir / files.HAR, settings, overheard=True)
        with suppress(EOFError):  # the proxy was killed
            while (waiting := pipe.recv()) is not None:
                exchange, is_after_gap = waiting
                if is_after_gap:
                    traffic.forget()
                heard = traffic.hear(decoded(exchange))
                if heard is not None and har is not None:
                    har(heard)
        if har is not None:
            har.close(traffic.verdicts)
        outcome = traffic.result(settings, 0.0, list(traffic.verdicts), known)
    except KitError as error:
        outcome = error
    with suppress(OSError):
        pipe.send(outcome)


class Live:
    """Lists findings on standard error as they come."""

    def __init__(self, settings: Settings, known: Baseline | None) -> None:
        self._settings = settings
        self._known = known.accepted if known else {}

    def __call__(self, finding: Finding) -> None:
        """A line for a new finding."""
        if self._settings.quiet:
            return
        grade = (
            "known"
            if finding.key in self._known
            else finding.grade(strict=self._settings.is_strict)
        )
        what = f"{finding.operation} {finding.where} {finding.keyword}"
        text = f"{grade:10}  {what}: {shortened(finding.got, 80)} (expected: {shortened(finding.expected, 80)})"
        with suppress(OSError):  # whoever looked on is gone; the report is still to come
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()


def decoded(exchange: Exchange) -> Exchange:
    """The exchange with its answer's body as it was before it was compressed."""
    coding = (exchange.response_header("content-encoding") or "").strip().lower()
    body = exchange.response_body
    if not body or coding in ("", "identity"):
        return exchange
    if coding not in _WINDOW_BITS:
        return replace(exchange, response_body=b"", response_body_known=False)
    is_bare = coding == "deflate" and body[0] & 0x0F != 8
    unpacker = zlib.decompressobj(-15 if is_bare else _WINDOW_BITS[coding])
    try:
        unpacked = unpacker.decompress(body, MAX_KEPT + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) > MAX_KEPT:
        return replace(exchange, response_body=b"", response_body_known=False)
    why = "" if unpacker.eof else "the body is not in the encoding that Content-Encoding says"
    return replace(exchange, response_body=unpacked, error=exchange.error or why)
