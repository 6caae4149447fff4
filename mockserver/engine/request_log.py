"""One line on the terminal for each request: method, path, status, milliseconds, reason.

Requests are never delayed by the terminal. Lines are queued, and a thread writes them. If it falls
behind, lines are dropped and counted.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from threading import Event, Thread
from typing import Any

import orjson

from mockserver.engine.errors import Headers
from mockserver.engine.mistakes import HEADER as WARNING
from mockserver.engine.mistakes import UNKNOWN_PATH
from mockserver.engine.redaction import Redactor
from mockserver.engine.request import Request

MAX_QUEUED = 4_096
"""The highest number of lines that wait to be written. Further ones are dropped."""
MAX_CHARACTERS = 200
"""The highest length of a path or a reason. Longer ones are cut."""

_BATCH_SECONDS = 0.05
_CLOSE_SECONDS = 1.0
_MAX_METHOD = 20
_MAX_BODY_BYTES = 65_536
_MAX_DEPTH = 4
_SENTENCES = (
    *("detail", "message", "error_description", "msg", "description", "error", "title"),
    *("error_message", "errorMessage", "reason", "error_detail", "details", "text", "summary"),
)
"""Names of properties that hold the sentence of an error, the first that a body has is taken."""
_TAGS = re.compile("<[^>]*>")
_COLOURS = {2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"}
_END_OF_COLOUR = "\x1b[0m"
_FAULT = b"x-mock-fault"

Observer = Callable[[Request, "int | None", Headers, bytes, float], None]
"""A function of a request, and of status, headers, payload and seconds of its response."""
Log = Callable[[str, str, "int | None", str, float], None]
"""A function of method, path, status, reason and seconds."""


class RequestLog:
    """Writes a line for each request, without blocking."""

    def __init__(
        self,
        redactor: Redactor,
        write: Callable[[bytes], object],
        *,
        has_colours: bool = False,
        is_immediate: bool = False,
    ) -> None:
        """Take a function that writes bytes and may block. ``redactor`` hides secrets.

        ``is_immediate`` writes each line at once, in the order of other messages, and may block.
        """
        self._is_immediate = is_immediate
        self._redactor = redactor
        self._write = write
        self._statuses = {
            status: f"{_COLOURS[status // 100]}{status}{_END_OF_COLOUR}"
            if has_colours
            else str(status)
            for status in range(200, 600)
        }
        self._path = lru_cache(maxsize=1_024)(self._shown_path)
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._closing = Event()
        self._has_lines = Event()
        self._thread: Thread | None = None

    def log(self, method: str, path: str, status: int | None, reason: str, seconds: float) -> None:
        """Queue the line of one request. ``status`` is None if there was no response."""
        lines = self._lines
        if len(lines) >= MAX_QUEUED:
            self._dropped += 1
            return
        shown = self._path(path) if len(path) <= MAX_CHARACTERS else self._shown_path(path)
        end = f"  {self._shown(reason, self._redactor.text)}" if reason else ""
        word = method if method.isalpha() and len(method) <= _MAX_METHOD else "?"
        number = self._statuses.get(status or 0, "---")
        lines.append(f"{word} {shown} {number} {seconds * 1_000:.1f} ms{end}\n")
        if self._is_immediate:
            self._write_batch()
        elif not self._has_lines.is_set():
            self._wake()

    def close(self) -> None:
        """Write what is queued. Lines that cannot be written within a second are lost."""
        self._closing.set()
        if self._thread is not None:
            self._has_lines.set()
            self._thread.join(_CLOSE_SECONDS)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._write_lines, name="request log", daemon=True)
            self._thread.start()
        self._has_lines.set()

    def _write_lines(self) -> None:
        while not self._closing.is_set() or self._lines:
            self._has_lines.wait()
            self._closing.wait(_BATCH_SECONDS)  # the lines of a burst are written together
            self._has_lines.clear()
            self._write_batch()

    def _write_batch(self) -> None:
        with suppress(OSError):  # the terminal was closed
            self._write("".join(self._batch()).encode("utf-8", "backslashreplace"))

    def _batch(self) -> Iterator[str]:
        for _ in range(len(self._lines)):
            yield self._lines.popleft()
        dropped, self._dropped = self._dropped, 0
        if dropped:
            yield f"{dropped:,} more requests are not listed, because they came too fast.\n"

    def _shown_path(self, path: str) -> str:
        return self._shown(path, self._redactor.path)

    @staticmethod
    def _shown(text: str, redact: Callable[[str], str]) -> str:
        """Return a text without secrets and control characters, cut to the highest length."""
        shown = redact(text[: 4 * MAX_CHARACTERS])
        if len(shown) > MAX_CHARACTERS:
            shown = f"{shown[:MAX_CHARACTERS]}..."
        return shown if shown.isprintable() else "".join(map(_escaped, shown))


class RedactingFormatter(logging.Formatter):
    """Formats the messages of all modules without secrets, tracebacks included."""

    def __init__(self, format: str, redactor: Redactor) -> None:
        super().__init__(format)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a message."""
        return self._redactor.text(super().format(record))


def for_terminal(redactor: Redactor, *, is_immediate: bool = False) -> RequestLog:
    """Return a log on standard error, in colours if it is a terminal."""
    is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    try:
        number = sys.stderr.fileno()
    except (OSError, ValueError):  # it is replaced by a buffer, or closed
        stream = sys.stderr
        return RequestLog(redactor, lambda data: stream.write(data.decode()))
    return RequestLog(
        redactor,
        lambda data: _write_all(number, data),
        has_colours=sys.stderr.isatty() and not is_plain,
        is_immediate=is_immediate,
    )


def _write_all(number: int, data: bytes) -> None:
    # Not by sys.stderr: its lock, held by a blocked thread, would abort the interpreter's exit.
    while data:
        data = data[os.write(number, data) :]


def observer(
    log: Log, is_listed: Callable[[str, int | None], bool], redactor: Redactor | None = None
) -> Observer:
    """Return a function that logs the responses whose path and status are to be listed.

    Queries are shown if there is a ``redactor`` that hides their secrets.
    """

    def observe(
        request: Request, status: int | None, headers: Headers, payload: bytes, seconds: float
    ) -> None:
        if is_listed(request.path, status):
            reason = _reason(status, headers, payload)
            path = request.path
            if redactor is not None and request.query:
                query = redactor.query(request.query.decode("latin-1"))
                path = f"{redactor.path(path)}?{query}"
            log(request.method, path, status, reason, seconds)

    return observe


def _reason(status: int | None, headers: Headers, payload: bytes) -> str:
    """Return the sentence of an error, the injected faults, and the warnings.

    The sentence of a 404 names the nearest path already.
    """
    words = ["No response was sent."] if status is None else []
    if status is not None and status >= 400:
        words.append(reason_of(payload))
    for name, value in headers:
        if name == WARNING and not value.startswith(UNKNOWN_PATH):
            words.append(value.decode("latin-1"))
        elif name == _FAULT:
            words.append(f"[fault {value.decode('latin-1')}]")
    return " ".join(filter(None, words))


def reason_of(payload: bytes) -> str:
    """Return the sentence of an error body, in whatever shape an API writes it."""
    if not payload or len(payload) > _MAX_BODY_BYTES:
        return ""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        if payload.startswith(b"<?xml"):
            return " ".join(_TAGS.sub(" ", payload.decode("utf-8", "replace")).split())
        is_markup = payload.lstrip().startswith(b"<")
        return "" if is_markup else payload[:MAX_CHARACTERS].decode("utf-8", "replace")
    return _sentence(body, _MAX_DEPTH)


def _sentence(body: Any, depth: int) -> str:
    if isinstance(body, str):
        return body
    if depth == 0:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (_sentence(item, depth - 1) for item in body[:3])))
    if not isinstance(body, dict):
        return ""
    sentences = (_sentence(body[name], depth - 1) for name in _SENTENCES if name in body)
    inner = (
        _sentence(value, depth - 1) for value in body.values() if isinstance(value, dict | list)
    )
    sentence = next(filter(None, chain(sentences, inner)), "")
    place = body.get("loc")
    if sentence and isinstance(place, list):
        return f"{'.'.join(map(str, place))}: {sentence}"
    return sentence


def _escaped(character: str) -> str:
    """Return a character as it is, or the escape sequence of one that a terminal might obey."""
    return character if character.isprintable() else ascii(character)[1:-1]
