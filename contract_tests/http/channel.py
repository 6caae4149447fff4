"""Every request of the kit, Schemathesis' included, goes through a channel.

It asks its gates before it sends, keeps to the rate limit, and calls its listeners with each
exchange, secrets replaced. After 429 it waits. A safe request that fails on the way to the
deployment is repeated once; see ``noise``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

from contract_tests.compat import follow_no_redirects, with_body
from contract_tests.errors import KitError, Unreachable
from contract_tests.http.exchange import SAFE_METHODS, Exchange, Headers, Request
from contract_tests.http.network import DIRECT, Network
from contract_tests.http.noise import NOISY_STATUSES, THROTTLED, TIMEOUT, Noise
from contract_tests.http.redaction import Keyring
from contract_tests.http.response_reader import Reply
from contract_tests.http.transport import Transport, WireRequest
from contract_tests.openapi.contract import Contract, Operation

MAX_RETRIES = 3
"""How often a request is sent again after a 429 with ``Retry-After``."""
MAX_RETRY_AFTER = 60.0
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds to wait after the first and each further 429 that has no ``Retry-After``."""
GONE_AFTER = 5
"""Consecutive requests without a response after which the deployment counts as gone."""
THROTTLED_AFTER = 20
"""Consecutive 429 after which the run ends, although the kit waited as it was asked to."""
ENCODINGS = "gzip, deflate"
"""The content codings that the kit can decode."""

_DEFAULT_HEADERS = {**requests.utils.default_headers(), "Accept-Encoding": ENCODINGS}


class Withheld(requests.RequestException):
    """A request that must not leave, and why."""


class TimeIsUp(KitError):
    """The time of the run is up."""


class Stopped(KitError):
    """The run is to end before its time."""


@dataclass(frozen=True)
class Outgoing:
    """A request that is about to leave."""

    method: str
    path: str
    """Below the base URL, percent-encoded, without the query; the whole URL if it is not below."""
    is_below: bool
    """Whether it is for the deployment that was named."""
    operation: Operation | None
    path_params: Mapping[str, str]
    body: bytes
    account: str


class Gate(Protocol):
    """Sees requests before they leave, and their exchanges, secrets included, after."""

    def before(self, outgoing: Outgoing) -> None:
        """Raise Withheld to keep a request back."""

    def after(self, outgoing: Outgoing, exchange: Exchange) -> None: ...


Listener = Callable[[Exchange], None]


@dataclass(frozen=True)
class Limits:
    """How a channel behaves."""

    timeout: float = 30.0
    """Seconds for one response, from the first byte sent to the last received."""
    per_second: float | None = None
    deadline: float | None = None
    """The moment on the monotonic clock at which the run ends."""
    network: Network = DIRECT
    take: Callable[[], None] | None = None
    """Counts a request that is about to leave, and raises KitError if there may be none."""


class Channel:
    """Sends requests to one deployment."""

    def __init__(
        self,
        base_url: str,
        contract: Contract,
        keyring: Keyring,
        *,
        limits: Limits | None = None,
        gates: Sequence[Gate] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.contract = contract
        self.keyring = keyring
        self.limits = limits or Limits()
        self.gates = list(gates)
        self.listeners = list(listeners)
        self.source = ""
        """What sends at the moment; exchanges are marked with it."""
        self.after: Callable[[], None] | None = None
        """Called after each request, when its exchange has been judged. It may send others."""
        self.retries_429 = True
        self.stop_reason = ""
        """Why nothing more may be sent, if so."""
        self.noise = Noise()
        """Failures that are not judged."""
        self._lock = threading.Lock()
        self._count = 0
        self._next_at = 0.0
        self._silent = 0
        self._throttled = 0
        self._transport = Transport()
        self._prefix = urlsplit(self.base_url).path

    def send(self, request: Request, key: str | None = None) -> Exchange:
        """Send a request, in the name of a key: the exchange, secrets included. Raises Withheld."""
        url = self.base_url + request.path
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        headers = dict(request.headers)
        if key is not None and self.keyring.credential is not None:
            url = self._with_key(url, headers, request, key)
        body = request.body or b""
        pairs = _with_defaults(headers, request.method, body)
        return self._send(WireRequest(request.method, url, pairs, body), key)[1]

    def _with_key(self, url: str, headers: dict[str, str], request: Request, name: str) -> str:
        """Add a key to headers or URL, where the operation carries it, and return the URL."""
        credential = self.keyring.credential
        found = self.contract.match(request.method, request.path)
        carriers = found[0].carriers if found is not None else ()
        if not carriers and credential is not None:
            headers[credential.header] = credential.value(self.keyring.key(name))
        for carrier in carriers:
            value = carrier.value(self.keyring.key(name, carrier))
            if carrier.location == "query":
                url += ("&" if "?" in url else "?") + urlencode({carrier.name: value})
            elif carrier.location == "cookie":
                pairs = [headers.get("Cookie", ""), f"{carrier.name}={value}"]
                headers["Cookie"] = "; ".join(filter(None, pairs))
            else:
                headers[carrier.name] = value
                self.keyring.also(name, value.removeprefix(carrier.prefix))
        return url

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def send_prepared(
        self, prepared: requests.PreparedRequest, account: str | None = None
    ) -> requests.Response:
        """Send a request of the library requests. The response's ``exchange`` is the exchange."""
        reply, exchange = self._send(_wire_request(prepared), account)
        return _response(prepared, reply, exchange)

    def _send(self, request: WireRequest, account: str | None = None) -> tuple[Reply, Exchange]:
        """Send a request: past the gates, within the limits, to the listeners."""
        request = replace(request, headers=_merged(request.headers, self.limits.network.headers))
        outgoing = self._outgoing(request)
        if account is not None:
            outgoing = replace(outgoing, account=account)
        for gate in self.gates:
            gate.before(outgoing)
        attempts = _Attempts(self.noise, outgoing, retries_429=self.retries_429)
        while True:
            self._wait_for_turn()
            reply, exchange = self._attempt(request, outgoing, attempts)
            if attempts.wait is None:
                break
            with self._lock:
                self._next_at = max(self._next_at, time.monotonic() + attempts.wait)
        if self.after is not None:
            self.after()
        return reply, exchange

    def _attempt(
        self, request: WireRequest, outgoing: Outgoing, attempts: _Attempts
    ) -> tuple[Reply, Exchange]:
        """Send a request once. Raise TimeIsUp if the run ends before the response is whole."""
        started, clock = datetime.now(UTC), time.monotonic()
        deadline = self.limits.deadline
        ends_at = clock + self.limits.timeout
        if deadline is not None:
            ends_at = min(ends_at, deadline)
        reply = self._transport.fetch(request, self.limits.network, ends_at)
        if reply.failure == TIMEOUT and ends_at == deadline:
            raise TimeIsUp("the time of --max-time is up")
        with self._lock:
            self._count += 1
            exchange = Exchange(
                number=self._count,
                method=outgoing.method,
                url=request.url,
                path=outgoing.path,
                request_headers=request.headers,
                request_body=outgoing.body,
                status=reply.status,
                response_headers=reply.headers,
                response_body=reply.body,
                started=started,
                seconds=time.monotonic() - clock,
                account=outgoing.account,
                error=reply.error,
                source=self.source,
            )
            noise = attempts.judge(exchange, reply.failure)
            exchange = replace(exchange, noise=noise) if noise else exchange
            for gate in self.gates:
                gate.after(outgoing, exchange)
            redacted = self.redacted(exchange)
            for listener in self.listeners:
                listener(redacted)
            if attempts.wait is None or exchange.status:
                self._check_presence(exchange)
        return reply, exchange

    def _check_presence(self, exchange: Exchange) -> None:
        """Raise Unreachable if the deployment has not responded, or was busy, for too long."""
        self._silent = self._silent + 1 if exchange.status == 0 else 0
        if self._silent >= GONE_AFTER:
            raise Unreachable(f"{self.base_url} does not respond any more: {exchange.error}")
        is_busy = exchange.status == 429 and self.retries_429
        self._throttled = self._throttled + 1 if is_busy else 0
        if self._throttled >= THROTTLED_AFTER:
            raise Unreachable(
                f"{self.base_url} responds with nothing but 429 any more; try a lower --rate-limit"
            )

    def redacted(self, exchange: Exchange) -> Exchange:
        """Return the exchange with secrets replaced by names."""
        return self.keyring.exchange(exchange)

    def outgoing(self, prepared: requests.PreparedRequest) -> Outgoing:
        """Return a prepared request as gates see it."""
        return self._outgoing(_wire_request(prepared))

    def _outgoing(self, request: WireRequest) -> Outgoing:
        url = request.url
        rest = url.removeprefix(self.base_url)
        is_below = url.startswith(self.base_url) and rest[:1] in ("", "/", "?", "#")
        path = urlsplit(url).path.removeprefix(self._prefix) if is_below else url
        found = self.contract.match(request.method, path) if is_below else None
        return Outgoing(
            request.method,
            path,
            is_below,
            found[0] if found else None,
            found[1] if found else {},
            request.body,
            self.keyring.account_of(request.headers),
        )

    def _wait_for_turn(self) -> None:
        """Keep to the rate limit and to requested pauses. Raise TimeIsUp and Stopped."""
        if self.stop_reason:
            raise Stopped(self.stop_reason)
        if self.limits.take is not None:
            self.limits.take()
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_at)
            if self.limits.per_second:
                self._next_at = at + 1 / self.limits.per_second
        deadline = self.limits.deadline
        if deadline is not None and at >= deadline:
            raise TimeIsUp("the time of --max-time is up")
        if at > now:
            time.sleep(at - now)


class _Attempts:
    """The attempts at one request: whether there is to be another, and what is not judged."""

    def __init__(self, noise: Noise, outgoing: Outgoing, *, retries_429: bool) -> None:
        self.wait: float | None = None
        """Seconds to wait before the next attempt; None if there is to be none."""
        self._noise = noise
        self._outgoing = outgoing
        self._retries_429 = retries_429
        self._throttled = 0
        self._failed = ""
        """The kind of noise for which the request was repeated."""

    def judge(self, exchange: Exchange, failure: str) -> str:
        """Count an attempt, and decide on the next. Return its noise; empty if it is judged."""
        self._noise.requests += 1
        self.wait = None
        if exchange.status == 429 and self._retries_429:
            return self._throttle(exchange)
        kind = self._kind(exchange, failure)
        if self._failed:
            counts = self._noise.of(self._failed)
            counts.recovered += not kind
            self._count(kind, exchange)
            return ""  # what persists is judged
        if not kind:
            if self._throttled:
                self._noise.of(THROTTLED).recovered += 1
            return ""
        if self._outgoing.method in SAFE_METHODS:
            self._failed, self.wait = kind, 0.0
            self._noise.of(kind).repeated += 1
        elif self._noise.is_known(kind) or exchange.origin == "gateway":
            self._noise.of(kind).unknown += 1
        else:
            return ""
        self._count(kind, exchange)
        return kind

    def _kind(self, exchange: Exchange, failure: str) -> str:
        """Return the kind of noise that an exchange may be; empty if it is none."""
        status, operation = exchange.status, self._outgoing.operation
        if failure:
            return failure
        is_declared = operation is not None and status in operation.responses
        return str(status) if status in NOISY_STATUSES and not is_declared else ""

    def _throttle(self, exchange: Exchange) -> str:
        asked = retry_after(exchange)
        if asked is None and self._throttled < len(BACKOFF):
            self.wait = BACKOFF[self._throttled]
        elif asked is not None and self._throttled < MAX_RETRIES:
            self.wait = min(asked, MAX_RETRY_AFTER)
        self._noise.of(THROTTLED).repeated += not self._throttled
        self._throttled += 1
        self._count(THROTTLED, exchange)
        return THROTTLED

    def _count(self, kind: str, exchange: Exchange) -> None:
        if not kind:
            return
        counts, operation = self._noise.of(kind), self._outgoing.operation
        counts.failed += 1
        counts.of_gateway += exchange.origin == "gateway"
        counts.operations.add(
            operation.id if operation is not None else f"{exchange.method} {exchange.path[:80]}"
        )


class Adapter(BaseAdapter):
    """Sends the requests of a session through a channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send through the channel. Raise ConnectionError without a response."""
        response = self._channel.send_prepared(request)
        if not response.status_code:
            error = response.exchange.error  # type: ignore[attr-defined]
            raise requests.ConnectionError(error, request=request, response=response)
        return response

    def close(self) -> None:
        """Keep the connections, which all sessions share."""


def attach(
    channel: Channel, session: requests.Session, adapter: Adapter | None = None
) -> requests.Session:
    """Make a session send everything through a channel, and nothing on its own account."""
    session.trust_env = False
    follow_no_redirects(session)
    session.headers["Accept-Encoding"] = ENCODINGS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    adapter = adapter or Adapter(channel)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def retry_after(exchange: Exchange) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; None if it does not."""
    text = exchange.response_header("retry-after") or ""
    is_number = text.isascii() and text.isdigit() and len(text) < 18
    return float(text) if is_number else _until(text)


def _with_defaults(headers: Mapping[str, str], method: str, body: bytes) -> Headers:
    """Return the headers of a request of the kit's own."""
    if body or method not in ("GET", "HEAD"):
        headers = {"Content-Length": str(len(body)), **headers}
    return _merged(tuple(_DEFAULT_HEADERS.items()), tuple(headers.items()))


def _merged(headers: Headers, more: Headers) -> Headers:
    """Return headers, those of the same name replaced by the later ones."""
    if not more:
        return headers
    replaced = {name.lower() for name, _ in more}
    return (*(pair for pair in headers if pair[0].lower() not in replaced), *more)


def _wire_request(prepared: requests.PreparedRequest) -> WireRequest:
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[arg-type]
    headers = tuple((_text(name), _text(value)) for name, value in prepared.headers.items())
    return WireRequest(str(prepared.method), str(prepared.url), headers, body)


def _response(
    prepared: requests.PreparedRequest, reply: Reply, exchange: Exchange
) -> requests.Response:
    """Return a reply as the library requests has it."""
    headers = urllib3.HTTPHeaderDict(reply.headers)
    # Schemathesis cannot read a body that is nested too deeply. The judge reports it.
    response = with_body(requests.Response(), b"" if exchange.is_too_deep else reply.body)
    response.status_code = reply.status
    response.request, response.url = prepared, str(prepared.url)
    response.reason = reply.reason
    response.headers = requests.structures.CaseInsensitiveDict(headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = urllib3.HTTPResponse(
        BytesIO(),
        headers,
        reply.status,
        version=10 + reply.minor,
        preload_content=False,
    )
    response.exchange = exchange  # type: ignore[attr-defined]
    return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _until(date: str) -> float | None:
    """Seconds until an HTTP date; None if it is none."""
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(date) - datetime.now(UTC)) / timedelta(seconds=1))
    except (TypeError, ValueError, OverflowError):
        return None
