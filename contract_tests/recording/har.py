"""HAR 1.2 files: writes those of runs and the proxy, and reads those of any tool."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange, Headers, header
from contract_tests.recording.har_source import UNREADABLE, Attachments, Source, source_of
from contract_tests.recording.json_stream import BrokenOff, JsonStream
from contract_tests.settings import Settings

Json = dict[str, Any]

VERSION = "1"
"""The version of ``_contractTests`` and of our custom fields."""
OURS = "contract-tests"
"""The name of the creator in our files."""
JUDGES = frozenset({"kit", "openapi-core"})
"""The witnesses whose findings a replay repeats."""
_FINDING_FIELDS = (
    "operation",
    "kind",
    "where",
    "keyword",
    "provenance",
    "expected",
    "got",
    "spec",
    "source",
    "times",
)


class Unusable(ValueError):
    """An entry that is no exchange. The message is the reason."""


class HarFile:
    """A HAR file that is written entry by entry.

    Until ``finish`` completes it, its name ends with ``.part``. It survives the end of the process.
    """

    def __init__(self, path: Path, about: Json) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._about = about
        self._separator = ""
        self._failure = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("w", encoding="ascii")
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
        creator = json.dumps({"name": OURS, "version": VERSION})
        self._write(f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [')

    @property
    def name(self) -> str:
        return self._path.name

    def add(self, entry: Json) -> None:
        """Write an entry."""
        self._write(f"{self._separator}\n{json.dumps(entry)}")
        self._separator = ","

    def finish(self, findings: list[Json]) -> None:
        """Complete the file with findings. Raise UsageError if it could not be written."""
        about = json.dumps({**self._about, "findings": findings})
        self._write(f'\n], "_contractTests": {about}}}}}\n')
        try:
            self._file.close()
            if not self._failure:
                os.replace(self._part, self._path)
        except OSError as error:
            self._failure = str(error.strerror)
        if self._failure:
            raise UsageError(f"{self._path}: cannot be written ({self._failure})")

    def discard(self) -> None:
        """Remove the incomplete file."""
        with suppress(OSError):
            self._file.close()
            self._part.unlink()

    def _write(self, text: str) -> None:
        if self._failure:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:  # the run continues, and ``finish`` raises the error
            self._failure = str(error.strerror)


class HarWriter(HarFile):
    """A listener that writes every exchange to a file."""

    def __init__(self, path: Path, settings: Settings, *, is_foreign: bool = False) -> None:
        about = {
            "version": VERSION,
            "baseUrl": settings.url,
            "strict": settings.strict,
            "mock": settings.mock,
            "seed": settings.seed,
            "overheard": is_foreign,
        }
        super().__init__(path, about)

    def __call__(self, exchange: Exchange) -> None:
        """Write an exchange, whose secrets have been replaced."""
        self.add(entry_of(exchange))

    def close(self, findings: Iterable[Finding]) -> None:
        """Complete the file with the findings that a replay would not repeat. Raises UsageError."""
        self.finish(
            [_finding(finding) for finding in findings if not JUDGES.issuperset(finding.witnesses)]
        )


def close_har(writer: HarWriter | None, findings: Iterable[Finding]) -> dict[str, str]:
    """Complete the file of a run, if there is one. Return why it could not be written, by name."""
    try:
        if writer is not None:
            writer.close(findings)
    except UsageError as error:
        return {writer.name: str(error)} if writer is not None else {}
    return {}


@dataclass
class Har:
    """A HAR file, or an archive with one, that is read entry by entry, and repeatedly."""

    path: Path
    creator: str = ""
    about: Json = field(default_factory=dict)
    """The settings of the run in a file of ours, known after reading all entries."""

    def entries(self) -> Iterator[Any]:
        """Yield the raw entries. Raises UsageError."""
        count = 0
        try:
            with self._source.open() as file:
                for entry in self._entries(file):
                    yield entry
                    count += 1
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be read ({error.strerror})") from None
        except UNREADABLE as error:
            raise UsageError(f"{self.path}: is no readable zip archive ({error})") from None
        except BrokenOff as error:
            raise UsageError(f"{error}, after {count:,} entries; {self._why_broken()}") from None

    @property
    def is_ours(self) -> bool:
        """Whether the kit wrote the file."""
        return self.creator == OURS and bool(self.about)

    @property
    def is_foreign(self) -> bool:
        """Whether other clients may have changed accounts between its exchanges."""
        return not self.is_ours or bool(self.about.get("overheard"))

    def attachments(self) -> Attachments:
        """Return the bodies that entries name."""
        return Attachments(self._source)

    @cached_property
    def _source(self) -> Source:
        return source_of(self.path)

    def _entries(self, file: IO[bytes]) -> Iterator[Any]:
        stream = JsonStream(file, self.path)
        if stream.is_at_end:
            raise UsageError(f"{self.path}: is empty")
        is_har = False
        for name in stream.members() if stream.begins("{") else ():
            if name != "log" or not stream.begins("{"):
                stream.value()
                continue
            for part in stream.members():
                if part == "entries" and stream.begins("["):
                    is_har = True
                    for _ in stream.items():
                        yield stream.value()
                else:
                    self._note(part, stream.value())
        if not is_har:
            raise UsageError(f"{self.path}: is not a HAR file: it has no 'log' with 'entries'")
        if not stream.is_at_end:
            raise UsageError(f"{self.path}: has data after its end, at {stream.where()}")

    def _note(self, part: str, value: Any) -> None:
        if part == "creator" and isinstance(value, dict):
            self.creator = str(value.get("name", ""))
        elif part == "_contractTests" and isinstance(value, dict):
            self.about = value

    def _why_broken(self) -> str:
        if self.creator == OURS:
            return "the run was ended before it could complete the file"
        return "record it or export it again"


def entry_of(exchange: Exchange) -> Json:
    """Return the entry of an exchange. Custom fields begin with an underscore, as HAR requires."""
    milliseconds = exchange.seconds * 1000
    return {
        "startedDateTime": exchange.started.isoformat(timespec="microseconds"),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_number": exchange.number,
        "_account": exchange.account,
        "_path": exchange.path,
        "_source": exchange.source,
        "_error": exchange.error,
        "_seconds": exchange.seconds,
    }


def exchange_of(entry: Any, attachments: Attachments | None = None) -> Exchange:
    """Return the exchange of an entry, with its attached bodies. Raises Unusable.

    If the entry is not ours, the account is unknown, and the path is that of the whole URL.
    """
    try:
        _attach(entry, attachments)
        exchange = _exchange(entry)
        exchange.ended  # noqa: B018 (raises if the time is invalid)
        return exchange
    except Unusable:
        raise
    except KeyError as error:
        raise Unusable(f"incomplete: no {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise Unusable("incomplete: a field has an invalid value") from None


def _attach(entry: Any, attachments: Attachments | None) -> None:
    """Put the bodies into an entry that are in files of their own, as Playwright writes them."""
    places = (
        (entry["request"].get("postData"), "_encoding"),
        (
            entry["response"].get("content"),
            "encoding",
        ),
    )
    for body, encoding in places:
        if not body or "_file" not in body or body.get("text"):
            continue
        data = attachments(body["_file"]) if attachments is not None else None
        if data is not None:
            body["text"], body[encoding] = base64.b64encode(data).decode("ascii"), "base64"
        else:  # there is a body, which nobody kept
            body.pop("text", None)
            body["size"] = max(1, int(body.get("size") or 0))


def _exchange(entry: Any) -> Exchange:
    """Return the exchange of an entry. Raises Unusable, or any error that a bad field leads to."""
    request, response, is_ours = entry["request"], entry["response"], "_number" in entry
    method = str(request["method"]).upper()
    url = _without_user(str(request["url"]).partition("#")[0])
    status, started = int(response["status"] or 0), _moment(entry["startedDateTime"])
    _refuse_unusable(entry, url, status)
    request_headers = _headers(request.get("headers"))
    response_headers = _headers(response.get("headers"))
    request_body, request_known = _request_body(request, request_headers, is_ours=is_ours)
    response_body, response_known = _response_body(response, response_headers, method)
    seconds = max(0.0, float(entry.get("time") or 0)) / 1000
    return Exchange(
        number=int(entry.get("_number", 0)),
        method=method,
        url=url,
        path=str(entry["_path"]) if "_path" in entry else urlsplit(url).path,
        request_headers=request_headers,
        request_body=request_body,
        status=status,
        response_headers=response_headers,
        response_body=response_body,
        started=started,
        seconds=float(entry["_seconds"]) if "_seconds" in entry else seconds,
        account=str(entry.get("_account", "")),
        # Browsers also set an error on requests that they blocked themselves.
        error=str(entry.get("_error", "")) if is_ours else "",
        source=str(entry.get("_source", "")),
        request_body_known=request_known,
        response_body_known=response_known,
    )


def findings_of(about: Json, exchanges: dict[int, Exchange]) -> Iterator[Finding]:
    """Yield the findings in a file of ours, with the given exchanges. Raises UsageError."""
    try:
        for entry in about.get("findings", []):
            facts = {name: entry[name] for name in _FINDING_FIELDS}
            steps = tuple(exchanges[number] for number in entry["steps"] if number in exchanges)
            witnesses = tuple(entry["witnesses"])
            yield Finding(
                **facts, exchange=exchanges.get(entry["exchange"]), steps=steps, witnesses=witnesses
            )
    except (KeyError, TypeError, AttributeError):
        raise UsageError(
            "the findings under '_contractTests' do not have the format of a run"
        ) from None


def numbers_of(about: Json) -> set[int]:
    """Return the numbers of the exchanges that the findings refer to."""
    findings = about.get("findings", [])
    return {
        number
        for finding in findings
        for number in (finding.get("exchange"), *finding.get("steps", ()))
        if number
    }


def _finding(finding: Finding) -> Json:
    facts = {name: getattr(finding, name) for name in _FINDING_FIELDS}
    return {
        **facts,
        "witnesses": [witness for witness in finding.witnesses if witness not in JUDGES],
        "exchange": finding.exchange.number if finding.exchange else None,
        "steps": [step.number for step in finding.steps],
    }


def _request(exchange: Exchange) -> Json:
    body, is_known = exchange.request_body, exchange.request_body_known
    media_type = exchange.request_header("content-type") or ""
    text = _text(body, "_encoding")
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(exchange.query),
        **(
            {"postData": {"mimeType": media_type, "params": [], **text}}
            if body and is_known
            else {}
        ),
        "headersSize": -1,
        "bodySize": len(body) if is_known else -1,
    }


def _response(exchange: Exchange) -> Json:
    body, is_known = exchange.response_body, exchange.response_body_known
    return {
        "status": exchange.status,
        "statusText": _phrase(exchange.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.response_headers),
        "content": {
            "size": len(body) if is_known else -1,
            "mimeType": exchange.response_header("content-type") or "",
            **(_text(body, "encoding") if is_known else {"comment": "the body was not kept"}),
        },
        "redirectURL": exchange.response_header("location") or "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in pairs]


def _text(body: bytes, encoding: str) -> Json:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode("ascii"), encoding: "base64"}


def _refuse_unusable(entry: Json, url: str, status: int) -> None:
    """Raise Unusable for an entry that is no exchange with a server over HTTP."""
    scheme = urlsplit(url).scheme.lower()
    if (
        scheme in ("ws", "wss")
        or status == HTTPStatus.SWITCHING_PROTOCOLS
        or "_webSocketMessages" in entry
    ):
        raise Unusable("WebSocket")
    if scheme not in ("http", "https"):
        raise Unusable(f"not HTTP ({scheme or 'no scheme'})")
    if entry.get("_fromCache") or entry["response"].get("_fetchedViaServiceWorker"):
        raise Unusable("served by the browser (cache, service worker)")


def _without_user(url: str) -> str:
    """Return a URL without user and password. Raises ValueError if it is invalid."""
    parts = urlsplit(url)
    parts.port  # noqa: B018 (raises if the port is invalid)
    return (
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if "@" in parts.netloc
        else url
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _headers(pairs: Any) -> Headers:
    """Return the headers without pseudo-headers of HTTP/2, such as ``:authority``."""
    named = ((str(pair["name"]), str(pair.get("value", ""))) for pair in pairs or ())
    return tuple((name, value) for name, value in named if not name.startswith(":"))


def _request_body(request: Json, headers: Headers, *, is_ours: bool) -> tuple[bytes, bool]:
    """Return the body, and whether it is known."""
    data = request.get("postData") or {}
    text = data.get("text")
    if not text and data.get("params"):
        text = urlencode(
            [(parameter["name"], parameter.get("value", "")) for parameter in data["params"]]
        )
    body = _bytes(text or "", "base64" in (data.get("_encoding"), data.get("encoding")))
    if body is None:
        return b"", False
    if is_ours:  # secrets were replaced, so Content-Length may not match
        return body, request.get("bodySize") != -1
    length = _length(headers)
    if body or "text" in data:
        return body, len(body) >= length
    return body, length == 0 and (
        request.get("bodySize") == 0 or header(headers, "content-type") is None
    )


def _response_body(response: Json, headers: Headers, method: str) -> tuple[bytes, bool]:
    """Return the decoded body, and whether it is known: browsers omit or truncate large ones."""
    content = response.get("content") or {}
    text, size = content.get("text"), int(content.get("size") or 0)
    if text is None:
        status = int(response["status"] or 0)
        has_none = method == "HEAD" or status in (0, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        return b"", has_none or (size == 0 and bool(content) and _length(headers) == 0)
    body = _bytes(text, content.get("encoding") == "base64")
    if body is None:
        return b"", False
    return body, len(body) >= size or _is_json(body)


def _bytes(text: Any, is_base64: bool) -> bytes | None:
    """Return the bytes of a body; None if the encoding is invalid."""
    if not is_base64:
        return str(text).encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except ValueError:
        return None


def _length(headers: Headers) -> int:
    text = header(headers, "content-length") or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
