"""Every request of the kit, Schemathesis' included, goes through a channel.

It asks its gates before it sends, keeps to the rate limit, waits as long as ``Retry-After`` says,
bounds what it reads, and calls its listeners with each exchange, secrets replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from contract_tests.compat import follow_no_redirects, with_body
from contract_tests.errors import KitError, Unreachable
from contract_tests.http.exchange import Exchange, Headers, Request
from contract_tests.http.network import DIRECT, Network
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract, Operation

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_RETRIES = 3
MAX_RETRY_AFTER = 60.0
GONE_AFTER = 5
"""Consecutive requests without a response after which the deployment counts as gone."""
THROTTLED_AFTER = 20
"""Consecutive 429 after which the run ends, although the kit waited as it was asked to."""

_CHUNK = 65_536


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
    """Seconds for one answer, from the first byte sent to the last received."""
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
        self.retries_429 = True
        self.stop_reason = ""
        """Why nothing more may be sent, if so."""
        self._lock = threading.Lock()
        self._count = 0
        self._next_at = 0.0
        self._silent = 0
        self._throttled = 0
        self._local = threading.local()
        self._prefix = urlsplit(self.base_url).path

    @property
    def session(self) -> requests.Session:
        """A session whose every request goes through this channel. One for each thread."""
        if not hasattr(self._local, "session"):
            self._local.session = self.make_session()
        session: requests.Session = self._local.session
        return session

    def make_session(self) -> requests.Session:
        return attach(self, requests.Session())

    def send(self, request: Request, key: str | None = None) -> Exchange:
        """Send a request, in the name of a key: the exchange, secrets included. Raises Withheld."""
        url = self.base_url + request.path
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        headers = dict(request.headers)
        if key is not None and self.keyring.credential is not None:
            credential = self.keyring.credential
            headers[credential.header] = credential.value(self.keyring.key(key))
        raw = requests.Request(request.method, url, headers=headers, data=request.body or None)
        prepared = self.session.prepare_request(raw)
        prepared.is_ours = True  # type: ignore[attr-defined]
        answer = self.session.send(prepared, allow_redirects=False)
        exchange: Exchange = answer.exchange  # type: ignore[attr-defined]
        return exchange

    def send_prepared(
        self, prepared: requests.PreparedRequest, adapter: Adapter
    ) -> requests.Response:
        """Send a prepared request: past the gates, within the limits, to the listeners."""
        prepared.headers.update(self.limits.network.headers)
        outgoing = self.outgoing(prepared)
        for gate in self.gates:
            gate.before(outgoing)
        for attempt in range(MAX_RETRIES + 1):
            self._wait_for_turn()
            response, exchange = self._exchange(prepared, outgoing, adapter)
            wait = self._pause(exchange) if attempt < MAX_RETRIES else None
            if wait is None:
                break
            with self._lock:
                self._next_at = max(self._next_at, time.monotonic() + wait)
        response.exchange = exchange  # type: ignore[attr-defined]
        if exchange.status == 0:
            failure = requests.ConnectionError(exchange.error, request=prepared, response=response)
            response.failure = failure  # type: ignore[attr-defined]
        return response

    def _exchange(
        self, prepared: requests.PreparedRequest, outgoing: Outgoing, adapter: Adapter
    ) -> tuple[requests.Response, Exchange]:
        started, clock = datetime.now(UTC), time.monotonic()
        response, error = adapter.fetch(prepared, self.limits)
        seconds = time.monotonic() - clock
        with self._lock:
            self._count += 1
            exchange = Exchange(
                number=self._count,
                method=outgoing.method,
                url=str(prepared.url),
                path=outgoing.path,
                request_headers=_items(prepared.headers),
                request_body=outgoing.body,
                status=response.status_code or 0,
                response_headers=_items(response.raw.headers if response.raw is not None else {}),
                response_body=response.content if response.status_code else b"",
                started=started,
                seconds=seconds,
                account=outgoing.account,
                error=error,
                source=self.source,
            )
            for gate in self.gates:
                gate.after(outgoing, exchange)
            redacted = self.redacted(exchange)
            for listener in self.listeners:
                listener(redacted)
            self._silent = self._silent + 1 if exchange.status == 0 else 0
            if self._silent >= GONE_AFTER:
                raise Unreachable(f"{self.base_url} does not answer any more: {error}")
            self._throttled = (
                self._throttled + 1 if exchange.status == 429 and self.retries_429 else 0
            )
            if self._throttled >= THROTTLED_AFTER:
                raise Unreachable(
                    f"{self.base_url} answers nothing but 429 any more; try a lower --rate-limit"
                )
        return response, exchange

    def redacted(self, exchange: Exchange) -> Exchange:
        """Return the exchange with secrets replaced by names."""
        return self.keyring.exchange(exchange)

    def outgoing(self, prepared: requests.PreparedRequest) -> Outgoing:
        """Return a prepared request as gates see it."""
        url = str(prepared.url)
        rest = url.removeprefix(self.base_url)
        is_below = url.startswith(self.base_url) and rest[:1] in ("", "/", "?", "#")
        path = urlsplit(url).path.removeprefix(self._prefix) if is_below else url
        method = str(prepared.method)
        found = self.contract.match(method, path) if is_below else None
        body = prepared.body or b""
        return Outgoing(
            method,
            path,
            is_below,
            found[0] if found else None,
            found[1] if found else {},
            body.encode() if isinstance(body, str) else bytes(body),  # type: ignore[arg-type]
            self.keyring.account_of(_items(prepared.headers)),
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

    def _pause(self, exchange: Exchange) -> float | None:
        """Return the seconds to wait before a retry; None if there is to be none."""
        seconds = retry_after(exchange) if exchange.status == 429 and self.retries_429 else None
        return min(seconds, MAX_RETRY_AFTER) if seconds is not None else None


class Adapter(HTTPAdapter):
    """Sends the requests of a session through a channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(pool_connections=4, pool_maxsize=32)
        self._channel = channel

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = self._channel.send_prepared(request, self)
        failure = getattr(response, "failure", None)
        # Our own callers look at the exchange; Schemathesis wants the error raised.
        if failure is not None and not getattr(request, "is_ours", False):
            raise failure
        return response

    def fetch(
        self, request: requests.PreparedRequest, limits: Limits
    ) -> tuple[requests.Response, str]:
        """Send one request. Return the response, and why it is incomplete."""
        way: dict[str, Any] = _way(limits.network)
        ends_at = time.monotonic() + limits.timeout
        try:
            response = super().send(request, stream=True, timeout=limits.timeout, **way)
        except requests.RequestException as error:
            silent = requests.Response()
            silent.request = request
            silent.url = str(request.url)
            return with_body(silent, b""), plain(error)
        body, error_text = _read(response.raw, ends_at)
        return with_body(response, body), error_text


def _way(network: Network) -> dict[str, Any]:
    """Return the network as arguments of requests."""
    files = [str(each) for each in (network.client_cert, network.client_key) if each is not None]
    return {
        "verify": str(network.ca_bundle) if network.ca_bundle else True,
        "cert": tuple(files) if len(files) == 2 else "".join(files) or None,
        "proxies": dict.fromkeys(("http", "https"), network.proxy) if network.proxy else None,
    }


def attach(
    channel: Channel, session: requests.Session, adapter: Adapter | None = None
) -> requests.Session:
    """Make a session send everything through a channel, and nothing on its own account."""
    session.trust_env = False
    follow_no_redirects(session)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    adapter = adapter or Adapter(channel)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def retry_after(exchange: Exchange) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; None if it does not."""
    text = exchange.response_header("retry-after") or ""
    return float(text) if text.isascii() and text.isdigit() else _until(text)


def plain(error: Exception) -> str:
    """Return a network error in a few words."""
    text = f"{error} {error.__context__ or ''}"
    for sign, words in _PLAIN:
        if sign in text:
            return words
    return type(error).__name__


_NO_CERTIFICATE = "no TLS connection; it may want a client certificate (--client-cert)"
_PLAIN = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its TLS certificate is not valid; name the authority with --ca-bundle",
    ),
    ("Could not find a suitable TLS CA", "the file of --ca-bundle is not there"),
    ("invalid path", "the file of --ca-bundle is not there"),
    ("CERTIFICATE_REQUIRED", _NO_CERTIFICATE),
    ("HANDSHAKE_FAILURE", _NO_CERTIFICATE),
    ("EOF occurred in violation of protocol", _NO_CERTIFICATE),
    ("connect to proxy", "the proxy does not answer, or does not let this through"),
    ("SSL", "no TLS connection"),
    ("Name or service not known", "no such host"),
    ("Temporary failure in name resolution", "no such host"),
    ("NameResolutionError", "no such host"),
    ("nodename nor servname", "no such host"),
    ("Connection refused", "connection refused"),
    ("No route to host", "no route to the host"),
    ("Network is unreachable", "network unreachable"),
    ("timed out", "no response within --timeout"),
    ("Connection reset", "connection reset"),
    ("RemoteDisconnected", "the connection was closed without a response"),
    ("BadStatusLine", "the response is not HTTP"),
    ("Connection aborted", "connection aborted"),
)


def _read(raw: urllib3.BaseHTTPResponse, ends_at: float) -> tuple[bytes, str]:
    """Return the decoded body, and why it is incomplete."""
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in raw.stream(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raw.close()
                return b"".join(chunks), f"the response is larger than {MAX_ANSWER_BYTES:,} bytes"
            if time.monotonic() > ends_at:
                raw.close()
                return b"".join(chunks), "the response was not complete within --timeout"
    except urllib3.exceptions.DecodeError:
        return b"".join(chunks), "the body is not in the encoding that Content-Encoding says"
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raw.close()
        late = "timed out" in str(error)
        return b"".join(
            chunks
        ), "the response was not complete within --timeout" if late else "the response breaks off"
    return b"".join(chunks), ""


def _items(headers: Any) -> Headers:
    pairs = headers.iteritems() if hasattr(headers, "iteritems") else headers.items()
    return tuple((_text(name), _text(value)) for name, value in pairs)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _until(date: str) -> float | None:
    """Seconds until an HTTP date; None if it is none."""
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(date) - datetime.now(UTC)) / timedelta(seconds=1))
    except (TypeError, ValueError):
        return None
