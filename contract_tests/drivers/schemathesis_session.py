"""Sends the requests of Schemathesis through the run's channel, whatever session makes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

import requests

from contract_tests.compat import discard_example, every_new_session, request_of
from contract_tests.context import Run
from contract_tests.drivers.read_write_lock import ReadWriteLock
from contract_tests.errors import KitError
from contract_tests.findings.finding import Finding
from contract_tests.http.channel import Adapter, Withheld, attach
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.safety.guard import READS

_CASE_ID = "X-Schemathesis-TestCaseId"


class Ended(KeyboardInterrupt):
    """Nothing more may be sent. Schemathesis would go on with the next case after an Exception."""


class NoResponse(requests.RequestException):
    """No response came, which the judge has seen.

    After a ConnectionError Schemathesis would look for the server, past the channel.
    """


@dataclass(frozen=True)
class JudgedExchange:
    """An exchange without secrets, and the judge's findings in it."""

    exchange: Exchange
    findings: tuple[Finding, ...]


class SessionAdapter(Adapter):
    """The adapter of every session that Schemathesis makes."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.channel)
        self.ended: KitError | None = None
        """Why nothing more may be sent."""
        self.discarded: set[str] = set()
        """Operations of which a case was discarded, as Schemathesis names them."""
        self.account: str | None = None
        """The account whose key requests carry, where any key is accepted."""
        self._guard = run.guard
        self._collection = run.knowledge.safety.collection
        self._own: set[str] = set()
        """Ids of things that the kit has added."""
        self._verdicts = run.verdicts
        self._follow = run.follow
        self._thread = threading.local()
        self._turns = ReadWriteLock()

    def __call__(self, exchange: Exchange) -> None:
        """Keep the exchange, as a listener of the channel that is called after the judge."""
        self._thread.judged = JudgedExchange(
            exchange, tuple(self._verdicts.shown_by(exchange.number))
        )
        matched = self._channel.contract.match(exchange.method, exchange.path)
        collection = self._collection
        if matched is not None and collection is not None and matched[0].id == collection.add:
            self._own.add(str(exchange.object.get("id")))

    @property
    def latest(self) -> JudgedExchange:
        """The last exchange of this thread."""
        judged: JudgedExchange = self._thread.judged
        return judged

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send through the channel. Discard a case that is withheld or got no response."""
        request.headers.pop(
            _CASE_ID, None
        )  # chance, of no use to anybody, in what must be the same each time
        account = self._add_key(request)
        try:
            with self._turns.take(alone=request.method not in READS):
                response = self._channel.send_prepared(request, account)
                latest = self.latest
                self._follow(Client(self._channel, latest.exchange.account))
        except Withheld:
            self._discard(request)
            raise
        except KitError as error:
            self.ended = self.ended or error
            raise Ended from None
        if not response.status_code:
            self._discard(request)
            raise NoResponse(request=request)
        request.judged = latest  # type: ignore[attr-defined]
        return response

    def _add_key(self, request: requests.PreparedRequest) -> str | None:
        """Add the key of the account where the operation carries it, and return the account."""
        operation = self._channel.outgoing(request).operation
        if self.account is None or operation is None or not operation.carriers:
            return None
        keyring = self._channel.keyring
        for carrier in operation.carriers:
            value = carrier.value(keyring.key(self.account, carrier))
            if carrier.location == "query":
                _set_query(request, carrier.name, value)
            elif carrier.location == "cookie":
                request.headers["Cookie"] = f"{carrier.name}={value}"
            elif carrier.location == "header":
                request.headers[carrier.name] = value
        return self.account

    def filter_case(self, context: Any, case: Any) -> bool:  # noqa: ARG002 (the hook's)
        """Refuse to generate what must not be sent; a hook of Schemathesis."""
        base_url = self._channel.base_url + self._channel.contract.base_path
        outgoing = self._channel.outgoing(request_of(case, base_url))
        operation, collection = outgoing.operation, self._collection
        if operation is not None and collection is not None and operation.id == collection.remove:
            return outgoing.path_params[collection.parameter] in self._own
        return self._guard.reason(outgoing) is None

    def before_add_examples(self, context: Any, examples: list[Any]) -> None:
        """Filter the contract's own examples, for which ``filter_case`` is not called; a hook."""
        examples[:] = [case for case in examples if self.filter_case(context, case)]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Receive the requests of every session that is made in the block."""
        self._channel.listeners.append(self)
        try:
            with every_new_session(lambda session: attach(self._channel, session, self)):
                yield
        finally:
            self._channel.listeners.remove(self)

    def _discard(self, request: requests.PreparedRequest) -> None:
        operation = self._channel.outgoing(request).operation
        if operation is not None:
            path = operation.path.removeprefix(self._channel.contract.base_path)
            self.discarded.add(f"{operation.method} {path}")
        discard_example("nothing to check")


def _set_query(request: requests.PreparedRequest, name: str, value: str) -> None:
    """Set one query parameter of a request."""
    parts = urlsplit(str(request.url))
    others = [
        pair for pair in parts.query.split("&") if pair and unquote(pair.partition("=")[0]) != name
    ]
    query = "&".join([*others, urlencode({name: value})])
    request.url = urlunsplit(parts._replace(query=query))
