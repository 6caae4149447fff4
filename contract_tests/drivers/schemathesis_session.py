"""Where the requests of a borrowed test engine go: into the run's channel, whatever session makes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from contract_tests.compat import discard_example, every_new_session, request_of
from contract_tests.context import Run
from contract_tests.errors import KitError
from contract_tests.findings.finding import Finding
from contract_tests.http.channel import Adapter, Withheld, attach
from contract_tests.http.exchange import Exchange
from contract_tests.safety.guard import READS

_CASE_ID = "X-Schemathesis-TestCaseId"


class Ended(KeyboardInterrupt):
    """Nothing more may be sent. Schemathesis takes an Exception for the fault of a case, and goes on with the next."""


class Unanswered(requests.RequestException):
    """No answer came, and the judge has heard of it. After a ConnectionError Schemathesis would look for the server,
    past the channel."""


@dataclass(frozen=True)
class JudgedExchange:
    """An exchange as reports may show it, and what the judge has against it."""

    exchange: Exchange
    findings: tuple[Finding, ...]


class ReadWriteLock:
    """Reads at the same time, anything else alone: who reads while a change is made cannot know what to expect."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._waiting = 0
        """Who wants to be alone. Whoever would only read lets them go first."""
        self._is_taken = False

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """The block has its turn."""
        with self._condition:
            self._waiting += alone
            self._condition.wait_for(
                lambda: not self._is_taken and not (self._readers if alone else self._waiting)
            )
            self._waiting -= alone
            self._is_taken = alone
            self._readers += not alone
        try:
            yield
        finally:
            with self._condition:
                self._is_taken = False
                self._readers -= not alone
                self._condition.notify_all()


class SessionAdapter(Adapter):
    """The end of every session that Schemathesis makes."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.channel)
        self.ended: KitError | None = None
        """Why nothing more may be sent, once it is so."""
        self.discarded: set[str] = set()
        """Operations of which a case came to nothing, as Schemathesis names them."""
        self._guard = run.guard
        self._collection = run.knowledge.safety.collection
        self._own: set[str] = set()
        """Things that were added since it was opened: the kit's own."""
        self._verdicts = run.verdicts
        self._thread = threading.local()
        self._turns = ReadWriteLock()

    def __call__(self, exchange: Exchange) -> None:
        """A listener of the channel, after the judge: in the thread that sent, before the next exchange is judged."""
        self._thread.heard = JudgedExchange(
            exchange, tuple(self._verdicts.shown_by(exchange.number))
        )
        matched = self._channel.contract.match(exchange.method, exchange.path)
        collection = self._collection
        if matched is not None and collection is not None and matched[0].id == collection.add:
            self._own.add(str(exchange.object.get("id")))

    @property
    def latest(self) -> JudgedExchange:
        """The last exchange of this thread."""
        heard: JudgedExchange = self._thread.heard
        return heard

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send through the channel. What was withheld or not answered is no case at all."""
        request.headers.pop(
            _CASE_ID, None
        )  # chance, of no use to anybody, in what must be the same each time
        try:
            with self._turns.take(alone=request.method not in READS):
                response = self._channel.send_prepared(request, self)
        except Withheld:
            self._discard(request)
            raise
        except KitError as error:
            self.ended = self.ended or error
            raise Ended from None
        if not response.status_code:
            self._discard(request)
            raise Unanswered(request=request)
        request.heard = self.latest  # type: ignore[attr-defined]
        return response

    def filter_case(self, context: Any, case: Any) -> bool:  # noqa: ARG002 (the hook's)
        """Schemathesis' hook of this name: what must not be sent is not even generated."""
        base_url = self._channel.base_url + self._channel.contract.base_path
        outgoing = self._channel.outgoing(request_of(case, base_url))
        operation, collection = outgoing.operation, self._collection
        if operation is not None and collection is not None and operation.id == collection.remove:
            return outgoing.path_params[collection.parameter] in self._own
        return self._guard.reason(outgoing) is None

    def before_add_examples(self, context: Any, examples: list[Any]) -> None:
        """The hook of this name: ``filter_case`` is not asked about the contract's own examples."""
        examples[:] = [case for case in examples if self.filter_case(context, case)]

    def close(self) -> None:
        """Sessions come and go; the connections are for all of them."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Until the end of the block, every new session of this process leads here, whoever makes it."""
        self._channel.listeners.append(self)
        try:
            with every_new_session(lambda session: attach(self._channel, session, self)):
                yield
        finally:
            self._channel.listeners.remove(self)
            super().close()

    def _discard(self, request: requests.PreparedRequest) -> None:
        operation = self._channel.outgoing(request).operation
        if operation is not None:
            path = operation.path.removeprefix(self._channel.contract.base_path)
            self.discarded.add(f"{operation.method} {path}")
        discard_example("nothing to check")
