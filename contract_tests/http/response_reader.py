"""Reads one HTTP/1.1 response from a connection, within bounds and until a moment."""

from __future__ import annotations

import re
import socket
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

from contract_tests.http.exchange import Headers

MAX_HEAD_BYTES = 65_536
"""The size of a status line with its headers, and of the trailers after a chunked body."""
MAX_HEADERS = 256
MAX_INFORMATIONAL = 32
"""Interim responses (1xx) before the final one."""
MAX_BODY_BYTES = 16 * 1024 * 1024
"""The size of a body, before and after it is decompressed."""
MAX_CHUNK_LINE_BYTES = 4_096
"""The size of the line before a chunk: its length and its extensions."""
MAX_MEMBERS = 64
"""Compressed members in one body."""

CLOSED = "the connection was closed without a response"
RESET = "connection reset"

_RECEIVED = 65_536
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: (.*))?", re.DOTALL)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_WITHOUT_BODY = (101, 204, 304)
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content codings, with the window size by which zlib knows them."""
_RAW_DEFLATE = -15


class Broken(Exception):
    """A response that is not whole: what is wrong with it."""


class Late(Broken):
    """A response that was not whole in time."""


class Closed(Broken):
    """A connection that was closed before the response was whole."""


class Ended(Closed):
    """A connection that was closed in order."""


@dataclass
class ResponseHead:
    """A status line and the headers below it."""

    minor: int
    """The digit after ``HTTP/1.``."""
    status: int
    reason: str
    headers: Headers

    def values(self, name: str) -> list[str]:
        """Return the elements of a header that may be a list or repeated."""
        found = [value for key, value in self.headers if key.lower() == name]
        return [element.strip().lower() for value in found for element in value.split(",")]


@dataclass
class Reply:
    """A response as it came, or why there is none."""

    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    error: str = ""
    """Why it is not whole."""
    failure: str = ""
    """``timeout`` or ``closed``, if that is why. Another attempt may succeed."""
    reason: str = ""
    minor: int = 1
    reusable: bool = False
    """Whether the connection may carry another request."""


@dataclass
class ResponseReader:
    """Reads a response from a socket."""

    connection: socket.socket
    ends_at: float
    """The moment on the monotonic clock at which the response must be whole."""
    received: int = 0
    """The number of bytes so far."""
    _buffer: bytearray = field(default_factory=bytearray)

    def read(self, method: str) -> Reply:
        """Return the response to a request with this method, without a body that is not whole.

        Half of a secret would not be recognised in it.
        """
        reply = Reply()
        body = bytearray()
        try:
            head = self.read_final_head()
            reply = Reply(head.status, head.headers, reason=head.reason, minor=head.minor)
            is_delimited = self._read_body(head, method, body)
            reply.body = _decoded(bytes(body), head)
            reply.reusable = is_delimited and not self._buffer and _stays_open(head)
        except Broken as error:
            reply.error = str(error)
            if isinstance(error, Late | Closed):
                reply.failure = "timeout" if isinstance(error, Late) else "closed"
        return reply

    def read_final_head(self) -> ResponseHead:
        """Return the head of the response, after any interim ones. Raise Broken."""
        for _ in range(MAX_INFORMATIONAL + 1):
            head = self._read_head()
            if head.status >= 200 or head.status == 101:
                return head
        raise Broken(f"more than {MAX_INFORMATIONAL} interim responses (1xx) came before it")

    def _read_head(self) -> ResponseHead:
        searched = 0
        while (end := _END_OF_HEAD.search(self._buffer, searched)) is None:
            self._check_beginning()
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise Broken(f"its headers are larger than {MAX_HEAD_BYTES:,} bytes")
            searched = max(0, len(self._buffer) - 3)
            self._receive()
        self._check_beginning()
        head = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        return _parsed(head)

    def _check_beginning(self) -> None:
        beginning = bytes(self._buffer[:5])
        if not b"HTTP/".startswith(beginning) and not beginning.startswith(b"HTTP/"):
            raise Broken("the response is not HTTP")

    def _receive(self) -> None:
        """Add what arrives to the buffer. Raise Late or Closed."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise self._late()
        try:
            self.connection.settimeout(left)
            data = self.connection.recv(_RECEIVED)
        except TimeoutError:
            raise self._late() from None
        except OSError as error:
            if self.received:
                raise Closed("the response breaks off") from None
            raise Closed(_reset(error)) from None
        if not data:
            raise Ended("the response breaks off" if self.received else CLOSED)
        self.received += len(data)
        self._buffer += data

    def _late(self) -> Late:
        return Late(
            "the response was not complete within --timeout"
            if self.received
            else "no response within --timeout"
        )

    # ------------------------------------------------------------------------------------ the body

    def _read_body(self, head: ResponseHead, method: str, body: bytearray) -> bool:
        """Read the body. Return whether the connection says where it ends. Raise Broken."""
        if method == "HEAD" or head.status in _WITHOUT_BODY:
            return head.status != 101
        codings = head.values("transfer-encoding")
        if codings:
            if codings[-1] != "chunked":
                return self._read_to_close(body)
            self._read_chunks(body)
            return not head.values("content-length")
        lengths = set(head.values("content-length"))
        if not lengths:
            return self._read_to_close(body)
        if len(lengths) > 1:
            raise Broken("it has two values of Content-Length")
        length = lengths.pop()
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise Broken("its Content-Length is not a number")
        self._take(int(length), body)
        return True

    def _read_to_close(self, body: bytearray) -> bool:
        with suppress(Ended):
            while True:
                self._take(len(self._buffer) or 1, body)
        return False

    def _read_chunks(self, body: bytearray) -> None:
        while size := self._chunk_size():
            self._take(size, body)
            if self._line(2) != b"":
                raise Broken("its chunks do not have the length that they say")
        trailers = 0
        while line := self._line(MAX_HEAD_BYTES):
            trailers += len(line)
            if trailers > MAX_HEAD_BYTES:
                raise Broken(f"its trailers are larger than {MAX_HEAD_BYTES:,} bytes")

    def _chunk_size(self) -> int:
        digits = self._line(MAX_CHUNK_LINE_BYTES).partition(b";")[0].strip()
        if not _SIZE.fullmatch(digits):
            raise Broken("it is not chunked as Transfer-Encoding says")
        return int(digits, 16)

    def _line(self, limit: int) -> bytes:
        """Return the next line without its end. Raise Broken."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) > limit:
                raise Broken("it is not chunked as Transfer-Encoding says")
            searched = len(self._buffer)
            self._receive()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _take(self, size: int, body: bytearray) -> None:
        """Move the next bytes of the connection to the body. Raise Broken."""
        while size:
            if not self._buffer:
                self._receive()
            part = self._buffer[:size]
            body += part
            size -= len(part)
            del self._buffer[: len(part)]
            if len(body) > MAX_BODY_BYTES:
                raise Broken(f"the response is larger than {MAX_BODY_BYTES:,} bytes")


def _parsed(head: bytes) -> ResponseHead:
    first, *lines = head.split(b"\n")
    found = _STATUS_LINE.fullmatch(first.removesuffix(b"\r"))
    if found is None:
        raise Broken("the response is not HTTP")
    if len(lines) > MAX_HEADERS:
        raise Broken(f"it has more than {MAX_HEADERS} headers")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in b" \t" and headers:  # a value that is continued, as HTTP once allowed
            name, value = headers.pop()
            headers.append((name, f"{value} {line.decode('latin-1').strip()}"))
            continue
        raw, colon, text = line.partition(b":")
        if not colon or not raw.strip():
            raise Broken("the response is not HTTP: a line of its head is no header")
        headers.append((raw.decode("latin-1").strip(), text.decode("latin-1").strip(" \t\r")))
    reason = (found[3] or b"").decode("latin-1").strip()
    return ResponseHead(int(found[1]), int(found[2]), reason, tuple(headers))


def _stays_open(head: ResponseHead) -> bool:
    options = head.values("connection")
    return "keep-alive" in options if head.minor == 0 else "close" not in options


def _reset(error: OSError) -> str:
    is_reset = isinstance(error, ConnectionResetError)
    return RESET if is_reset else CLOSED


# ---------------------------------------------------------------------------------- content codings


def _decoded(body: bytes, head: ResponseHead) -> bytes:
    """Return a body without its content codings; unknown ones stay. Raise Broken."""
    codings = head.values("content-encoding") if body else []
    if not codings or not all(coding in _CODINGS for coding in codings):
        return body
    for coding in reversed(codings[:3]):
        body = _inflated(body, coding)
    return body


def _inflated(body: bytes, coding: str) -> bytes:
    try:
        return _unpacked(body, _CODINGS[coding])
    except zlib.error:
        pass
    try:
        if coding == "deflate":  # as some servers understand it, without a header
            return _unpacked(body, _RAW_DEFLATE)
    except zlib.error:
        pass
    raise Broken("the body is not in the encoding that Content-Encoding says")


def _unpacked(body: bytes, window: int) -> bytes:
    """Return the data of one or more compressed members. Raise zlib.error or Broken."""
    found = bytearray()
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(window)
        found += member.decompress(body, MAX_BODY_BYTES + 1 - len(found))
        if len(found) > MAX_BODY_BYTES:
            raise Broken(f"the response is larger than {MAX_BODY_BYTES:,} bytes")
        if not member.eof:
            raise zlib.error("cut off")
        body = member.unused_data
        if not body:
            return bytes(found)
    raise zlib.error("too many members")
