"""Measures one mock with one document."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.documents.client import Client, Reply
from benchmarks.documents.judging import violations
from benchmarks.documents.lifecycles import (
    Lifecycles,
    Outcome,
    first_item,
    identity_in,
    resources,
)
from benchmarks.documents.messages import Message, Messages, target_of
from benchmarks.documents.operation import Operation
from benchmarks.documents.reading import Reading, sampled
from benchmarks.documents.sources import Document
from benchmarks.documents.subjects import Subject, reason, running
from benchmarks.documents.values import NoValue, Values
from benchmarks.errors import BenchError
from benchmarks.servers import Server

_MOST_FAILURES = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one measurement."""

    operations: int = 40
    resources: int = 12
    seconds: float = 15.0
    """Per document and mock, after the start."""
    start_seconds: float = 30.0
    seed: int = 1


@dataclass(slots=True)
class Share:
    """How many of how many."""

    good: int = 0
    all: int = 0

    def add(self, is_good: bool) -> None:
        """Count one."""
        self.good += is_good
        self.all += 1


@dataclass(slots=True)
class Figures:
    """The results of one mock with one document."""

    document: str
    subject: str
    reason: str = ""
    """Why it did not start; empty if it did."""
    answered: Share = field(default_factory=Share)
    valid: Share = field(default_factory=Share)
    refused: Share = field(default_factory=Share)
    refusals_valid: Share = field(default_factory=Share)
    stateful: Share = field(default_factory=Share)
    unknown: int = 0
    """Requests with a made-up identifier that got a 404; they are no part of the answered."""
    broken: int = 0
    """Responses with a status of 500 or more, and connections that broke."""
    processor_seconds: float = 0.0
    memory_mib: float = 0.0
    failures: list[str] = field(default_factory=list)

    def fail(self, line: str) -> None:
        """Keep a failure for the list of a run."""
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(line)


def measured(subject: Subject, document: Document, reading: Reading, limits: Limits) -> Figures:
    """Start a mock with a document and measure it."""
    figures = Figures(document.name, subject.name)
    base = reading.base_path if subject.has_base_path else ""
    target = base + (reading.operations[0].path if reading.operations else "/")
    target = target.replace("{", "").replace("}", "").replace(" ", "")
    try:
        with running(subject, document.path, target, limits.start_seconds) as server:
            Measurement(figures, reading, server, base, limits).run()
    except BenchError as error:
        figures.reason = reason(error)
    return figures


class Measurement:
    """The requests of one measurement."""

    def __init__(
        self, figures: Figures, reading: Reading, server: Server, base: str, limits: Limits
    ) -> None:
        """Take where the results belong, the document and the running server."""
        self._figures = figures
        self._reading = reading
        self._server = server
        self._limits = limits
        self._client = Client(server.port, base)
        values = Values(reading.request, random.Random(limits.seed))
        self._messages = Messages(reading.request, values)
        self._ends = time.perf_counter() + limits.seconds
        self._known: dict[str, Any] = {}

    def run(self) -> None:
        """Send everything that the limits allow."""
        for operation in sampled(
            self._reading.operations, self._limits.operations, self._limits.seed
        ):
            if self._is_late():
                break
            self._operation(operation)
            if not self._figures.processor_seconds:
                with suppress(OSError):
                    self._figures.processor_seconds = self._server.cpu_seconds()
        for outcome in self._outcomes():
            self._figures.stateful.add(not outcome.failure)
            if outcome.failure:
                self._figures.fail(f"state {outcome.name}: {outcome.failure}")
        with suppress(BenchError, OSError):  # it may have ended, which is counted as broken
            self._figures.memory_mib = self._server.memory_mib()
        self._client.close()

    def _outcomes(self) -> Iterator[Outcome]:
        known = resources(self._reading.operations)
        chosen = known
        if len(known) > self._limits.resources:
            chosen = random.Random(self._limits.seed).sample(known, self._limits.resources)
        lives = Lifecycles(known, self._messages, self._send, self._reading.operations)
        for resource in chosen:
            if self._is_late():
                return
            outcome = lives.follow(resource)
            if outcome is not None:
                yield outcome

    def _operation(self, operation: Operation) -> None:
        valid: Message | None = None
        for is_full in (False, True):
            try:
                valid = self._messages.valid(operation, self._identifiers(operation), full=is_full)
            except NoValue:
                continue
            self._valid(valid)
        if valid is not None:
            for message in self._messages.invalid(valid):
                self._invalid(message)

    def _valid(self, message: Message) -> None:
        reply = self._send(message)
        operation = message.operation
        if reply.status == 404 and message.made_up:
            self._figures.unknown += 1
            return
        is_answered = operation.expects(reply.status)
        self._figures.answered.add(is_answered)
        if not is_answered:
            self._figures.fail(f"answered {_line(message)}: {_what(reply)}")
            return
        wrong = violations(operation, reply, self._reading.response)
        self._figures.valid.add(not wrong)
        if wrong:
            self._figures.fail(f"valid {_line(message)}: {reply.status} {wrong[0]}")

    def _invalid(self, message: Message) -> None:
        reply = self._send(message)
        is_refused = 400 <= reply.status < 500
        self._figures.refused.add(is_refused)
        if not is_refused:
            self._figures.fail(f"refused {_line(message)} ({message.why}): {_what(reply)}")
        elif message.operation.response(reply.status) is not None:
            wrong = violations(message.operation, reply, self._reading.response)
            self._figures.refusals_valid.add(not wrong)
            if wrong:
                text = f"refusal {_line(message)} ({message.why}): {reply.status} {wrong[0]}"
                self._figures.fail(text)

    def _send(self, message: Message) -> Reply:
        reply = self._client.send(message)
        if reply.status == 0 or reply.status >= 500:
            expected = reply.status and str(reply.status) in message.operation.responses
            if not expected:
                self._figures.broken += 1
        return reply

    def _identifiers(self, operation: Operation) -> dict[str, Any]:
        """Return identifiers for the path that lists of the same server give."""
        found: dict[str, Any] = {}
        for parameter in operation.parameters:
            if parameter.location != "path":
                continue
            prefix = operation.path.partition(f"{{{parameter.name}}}")[0].rstrip("/")
            accepts = self._messages.accepts(operation, parameter.name)
            identity = self._identifier(prefix, parameter.name, found, accepts)
            if identity is not None:
                found[parameter.name] = identity
        return found

    def _identifier(
        self, prefix: str, name: str, known: dict[str, Any], accepts: Callable[[Any], bool]
    ) -> Any:
        key = f"{prefix} {sorted(known.items(), key=str)}"
        if key not in self._known:
            self._known[key] = None
            for operation in self._reading.operations:
                if operation.path.rstrip("/") == prefix and operation.method == "GET":
                    self._known[key] = self._listed(operation, known)
        return identity_in(self._known[key], name, accepts)

    def _listed(self, operation: Operation, known: dict[str, Any]) -> Any:
        try:
            reply = self._send(self._messages.valid(operation, known))
            return first_item(reply.json())
        except (NoValue, ValueError):
            return None

    def _is_late(self) -> bool:
        return time.perf_counter() > self._ends


def _line(message: Message) -> str:
    return f"{message.operation.method} {target_of(message)[:120]}"


def _what(reply: Reply) -> str:
    text = reply.content.decode(errors="replace").replace("\n", " ")
    return f"{reply.status or 'no response'} {text[:160]}"
