"""Reads the requests of one connection from its bytes, within limits (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import httptools
from msgspec import Struct, field

from mockserver.engine.asgi import accept_body
from mockserver.engine.errors import Headers
from mockserver.engine.request import KnownHead, Request, by_name
from mockserver.limits import Limits
from mockserver.server.routes import BadTarget, Route

_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")}
_NOT_YET = datetime.min.replace(tzinfo=UTC)
_NOT_KEPT = frozenset({b"expect", b"upgrade", b"transfer-encoding", b"connection"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_TOKEN = re.compile(rb"[^\s,]+")


class Malformed(Exception):
    """A request that cannot be served: the status, and what is wrong. The connection ends."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Head(Struct, frozen=True):
    """A head that was parsed before. Clients send the same bytes again and again."""

    method: str
    route: Route
    header_list: Headers
    headers: Mapping[bytes, bytes]
    length: int
    """The size of the body."""
    known: KnownHead = field(default_factory=KnownHead)


_MAX_HEADS, _MAX_HEAD_BYTES = 1_024, 1_024
"""How many heads are kept parsed, and how long they may be."""


class Resolver(Protocol):
    """What finds the part of the server that responds to a request."""

    @property
    def heads(self) -> dict[bytes, Head]:
        """Parsed heads by their bytes, as long as the same routes are served."""

    def resolve(self, method: str, target: bytes) -> Route:
        """Return what responds to a method and a target. Raise BadTarget."""


class Incoming(Request, kw_only=True, eq=False):
    """A request with what its connection needs to know of it."""

    route: Route
    is_kept_alive: bool = True
    is_old: bool = False
    """Whether it is HTTP/1.0, so that keeping the connection must be said."""
    is_read: bool = True
    """Whether its body has been read."""


def _incoming(
    method: str, route: Route, header_list: Headers, headers: Mapping[bytes, bytes]
) -> Incoming:
    path, query, params = route.path, route.query, route.params
    return Incoming(
        method, path, query, header_list, headers, _NOT_YET, params, can_break=True, route=route
    )


def _add_payload(incoming: Incoming, payload: bytes) -> None:
    """Add a body within the limits to a request, unless its operation has none."""
    body = incoming.route.body
    if incoming.route.respond is None:
        incoming.payload = payload
    elif body is not None:
        accept_body(incoming, body, payload)


class RequestReader:
    """The parser of one connection. ``deliver`` takes each request that is complete."""

    __slots__ = (
        "_body",
        "_deliver",
        "_end",
        "_fed",
        "_headers",
        "_incoming",
        "_is_ended",
        "_is_resuming",
        "_limits",
        "_parser",
        "_resolver",
        "_size",
        "_target",
        "_whole",
        "is_in_head",
        "owes_continue",
    )

    def __init__(
        self, resolver: Resolver, limits: Limits, deliver: Callable[[Incoming], None]
    ) -> None:
        self._resolver = resolver
        self._limits = limits
        self._deliver = deliver
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: Headers = []
        self._incoming: Incoming | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._fed = 0
        """How many bytes have arrived since the head began, at most."""
        self._whole = b""
        self._end = -1
        """Where the head ends in what arrived, if it began there; -1 otherwise."""
        self._is_resuming = False
        """Whether the parser reads a head again, without its offer of an upgrade."""
        self._is_ended = False
        """Whether no further request is read."""
        self.is_in_head = False
        """Whether a head has begun and is not complete."""
        self.owes_continue = False
        """Whether a client waits for ``100 Continue`` before it sends the body."""

    @property
    def is_in_body(self) -> bool:
        """Whether a body is arriving."""
        return self._incoming is not None

    def feed(self, data: bytes) -> None:
        """Parse bytes. Raise Malformed."""
        if self._is_ended:
            return
        if self.is_in_head:
            self._fed += len(data)
            if self._fed - len(data) > self._limits.max_head_bytes:
                raise self._too_long(self._headers)
        elif self._incoming is None:
            end = data.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
            if end > 0 and self._is_known(data, end):
                return
            self._fed, self._whole, self._end = len(data), data, end
        rest = self._parse(data)
        if rest is not None:
            self._read_without_upgrade(rest)

    def _parse(self, data: bytes) -> bytes | None:
        """Parse bytes. Return what follows a head that offers an upgrade. Raise Malformed."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            if isinstance(cause, BadTarget):
                raise Malformed(400, str(cause)) from None
            raise cause or error from None
        except httptools.HttpParserError as error:
            if not self._is_ended:  # no error are bytes after "Connection: close"
                raise Malformed(400, f"The request is not HTTP/1.1: {error}.") from None
        return None

    # -------------------------------------------------------------------- callbacks of the parser

    def on_message_begin(self) -> None:
        """Begin a head."""
        if not self._is_resuming:
            self.is_in_head = True
            self._target = b""
            self._headers = []

    def on_url(self, part: bytes) -> None:
        """Take a part of the target."""
        if not self._is_resuming:
            self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are dropped."""
        if self.is_in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Resolve the target, and decide how the connection goes on."""
        if self._is_resuming:
            self._is_resuming = False
            return
        self.is_in_head = False
        self._check_head()
        name = self._parser.get_method()
        method = _METHODS.get(name) or name.decode()
        if method == "CONNECT":
            raise Malformed(405, "This server is no proxy.")
        route = self._resolver.resolve(method, self._target)
        headers = by_name(self._headers)
        incoming = self._incoming = _incoming(method, route, self._headers, headers)
        if len(headers) != len(self._headers) or b"host" not in headers:
            self._check_host()
        if b"connection" in headers or not self._parser.should_keep_alive():
            self._read_connection(incoming)
        if b"content-length" in headers and self._is_too_long(incoming):
            self._refuse_body(incoming)
        elif b"expect" in headers and not incoming.is_old:
            self.owes_continue = headers[b"expect"].lower() == b"100-continue"

    def on_body(self, part: bytes) -> None:
        """Take a part of the body, or drop it where nothing reads it."""
        self._size += len(part)
        incoming = self._incoming
        if incoming is not None and self._size <= self._most(incoming.route):
            self._body.append(part)
        elif self._size > self._limits.max_dropped_bytes:
            raise Malformed(413, "The request body is too large.")

    def on_message_complete(self) -> None:
        """Deliver the request."""
        incoming = self._incoming
        if incoming is None or self._is_resuming:
            return
        if b"upgrade" in incoming.headers and self._parser.should_upgrade():
            self._is_resuming = True  # the body was not read: feed() goes on with it
            return
        self._incoming = None
        size = self._size
        if self._end > 0 and len(self._whole) == self._end + 4 + size:
            self._keep_head(incoming, size)
        self._end = -1
        if size:
            self._add_body(incoming)
        if not incoming.is_kept_alive:
            self._is_ended = True
        self._deliver(incoming)

    # ------------------------------------------------------------------------------- known heads

    def _is_known(self, data: bytes, end: int) -> bool:
        """Deliver a whole request whose head was parsed before. Return whether it was."""
        head = self._resolver.heads.get(data[:end])
        if head is None or len(data) != end + 4 + head.length:
            return False
        incoming = _incoming(head.method, head.route, head.header_list, head.headers)
        incoming.known = head.known
        if head.length:
            _add_payload(incoming, data[end + 4 :])
        self._deliver(incoming)
        return True

    def _keep_head(self, incoming: Incoming, size: int) -> None:
        """Keep the head of a request that arrived alone and in one piece."""
        headers = incoming.headers
        if (
            not incoming.is_kept_alive
            or incoming.is_old
            or not _NOT_KEPT.isdisjoint(headers)
            or int(headers.get(b"content-length", b"0")) != size
        ):
            return
        heads = self._resolver.heads
        if len(heads) >= _MAX_HEADS:
            heads.clear()
        heads[self._whole[: self._end]] = Head(
            incoming.method, incoming.route, incoming.header_list, headers, size
        )

    # ------------------------------------------------------------------------------------- heads

    def _check_head(self) -> None:
        """Raise Malformed for a head beyond the limits."""
        limits, headers = self._limits, self._headers
        if len(self._target) > limits.max_target_bytes:
            raise self._target_too_long()
        if len(headers) > limits.max_headers:
            raise self._too_long(headers)
        if self._fed > limits.max_head_bytes:
            size = len(self._target) + sum(len(name) + len(value) + 4 for name, value in headers)
            if size > limits.max_head_bytes:
                raise self._too_long(headers)

    def _too_long(self, headers: Headers) -> Malformed:
        limits = self._limits
        if not headers and len(self._target) > limits.max_target_bytes:
            return self._target_too_long()
        return Malformed(
            431,
            f"The request has more than {limits.max_headers} headers, or a head of more than "
            f"{limits.max_head_bytes} bytes.",
        )

    def _target_too_long(self) -> Malformed:
        most = self._limits.max_target_bytes
        return Malformed(414, f"The path and query are longer than {most} bytes.")

    def _check_host(self) -> None:
        count = sum(name == b"host" for name, _ in self._headers)
        if count > 1 or (count == 0 and self._parser.get_http_version() == "1.1"):
            raise Malformed(400, "The request must have one Host header.")

    def _read_connection(self, incoming: Incoming) -> None:
        """Decide whether the connection is kept, from its version and its options."""
        version = self._parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Malformed(505, "This server speaks HTTP/1.1.")
        options = {
            option.lower()
            for name, value in self._headers
            if name == b"connection"
            for option in _TOKEN.findall(value)
        }
        incoming.is_old = version == "1.0"
        incoming.is_kept_alive = (
            b"keep-alive" in options if incoming.is_old else b"close" not in options
        )

    def _is_too_long(self, incoming: Incoming) -> bool:
        """Return whether the declared size of a body is more than is read of it."""
        route, length = incoming.route, incoming.headers[b"content-length"]
        is_read = route.respond is None or route.body is not None
        most = self._most(route) if is_read else self._limits.max_dropped_bytes
        return int(length[:20]) > most

    def _refuse_body(self, incoming: Incoming) -> None:
        """Refuse a body before it arrives. The connection ends, because the rest is not parsed."""
        self._incoming, self._is_ended = None, True
        if incoming.route.body is None:
            raise Malformed(413, "The request body is too large.")
        incoming.is_kept_alive = False
        incoming.is_read = False
        incoming.refused = incoming.route.body.too_large()
        self._deliver(incoming)

    def _read_without_upgrade(self, rest: bytes) -> None:
        """Read the body of a request that offers another protocol, which is not taken."""
        if self._is_ended:
            return
        self._parser = httptools.HttpRequestParser(self)
        framing = [pair for pair in self._headers if pair[0] in _FRAMING]
        lines = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % lines)
        if rest:
            self.feed(rest)

    # ------------------------------------------------------------------------------------ bodies

    def _most(self, route: Route) -> int:
        """Return the size of the largest body that is read."""
        if route.respond is None:
            return self._limits.max_body_bytes
        return route.body.max_bytes if route.body is not None else 0

    def _add_body(self, incoming: Incoming) -> None:
        payload, size = b"".join(self._body), self._size
        self._body, self._size = [], 0
        self.owes_continue = False
        body = incoming.route.body
        if incoming.route.respond is None and size > self._limits.max_body_bytes:
            raise Malformed(413, "The request body is too large.")
        if body is not None and size > body.max_bytes:
            incoming.refused = body.too_large()
        else:
            _add_payload(incoming, payload)
