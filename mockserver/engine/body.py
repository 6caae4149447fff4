"""Request bodies: read within a limit, parsed by their media type, and validated."""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any, Protocol

from mockserver.engine.errors import Problem, Refusal
from mockserver.engine.json_body import JsonBody
from mockserver.engine.media_types import is_xml, name_of
from mockserver.engine.mistakes import add
from mockserver.openapi.contract import Contract, is_json
from mockserver.openapi.schemas import Schema

Json = Any
_JSON = b"application/json"
_JSON_NAME = _JSON.decode()

MAX_BODY_BYTES = 1_000_000
"""The Billing API refuses larger bodies with a 413 (observed). Other APIs have other limits."""
_FORM = "application/x-www-form-urlencoded"
_ANY = frozenset({"*/*", "application/*"})
"""Ranges that contain JSON, which is what bodies without a media type of their own are."""


class _Reader(Protocol):
    """Reads the bodies of one media type."""

    def read(
        self, payload: bytes, content_type: str, warnings: list[str]
    ) -> tuple[Json, list[Problem]]:
        """Return the value and its violations. Unknown fields are added to the warnings."""


class BodyReader:
    """The request body of one operation, compiled."""

    def __init__(
        self, request_body: Schema, contract: Contract, max_bytes: int = MAX_BODY_BYTES
    ) -> None:
        """Take a limit, which ``x-max-bytes`` of the document overrides."""
        request_body = contract.follow(request_body)
        self._contract = contract
        self._content: dict[str, Schema] = {
            name_of(name): media for name, media in request_body.get("content", {}).items()
        } or {"application/json": {}}
        json_types = [name for name in self._content if is_json(name)]
        is_any = not json_types and not _ANY.isdisjoint(self._content)
        known = sorted(json_types, key=lambda name: name != _JSON_NAME)
        self._json_type = known[0] if known else None
        self._usual_type = _JSON if json_types or is_any else None
        self._required = request_body.get("required", False)
        self.max_bytes: int = request_body.get("x-max-bytes", max_bytes)
        self._readers: dict[bytes | None, _Reader] = {}
        """By the values of ``Content-Type`` that were sent."""
        is_only = len(self._content) == len(json_types) == 1
        self._only = self._compile("application/json") if is_only else None
        """The reader of all bodies, where nothing but JSON is documented."""

    def unsupported(self, headers: Mapping[bytes, bytes]) -> Refusal | None:
        """Return a 415 for a body of another media type."""
        content_type = headers.get(b"content-type", self._usual_type)
        if content_type is None or content_type == self._usual_type:
            return None
        if self._documented(content_type.decode("latin-1")) is not None:
            return None
        json_type = f"JSON with 'Content-Type: {self._json_type}'"
        expected = json_type if self._json_type is not None else " or ".join(self._content)
        return Refusal(415, f"Unsupported media type. Send {expected}.")

    def too_large(self) -> Refusal:
        """Return the 413 for a body of more than ``max_bytes``."""
        return Refusal(413, f"Request body is too large: at most {self.max_bytes:,} bytes.")

    def parse(
        self, payload: bytes, warnings: list[str], headers: Mapping[bytes, bytes]
    ) -> tuple[Json, list[Problem]]:
        """Return the value, completed by the contract's defaults, and its violations.

        Unknown fields are added to the warnings.
        """
        # A form whose fields are all absent has no bytes.
        if not payload.strip() and not _is_form(headers):
            missing: Problem = {"loc": ["body"], "msg": "Field required", "type": "missing"}
            return None, [missing] if self._required else []
        self._warn_of_type(headers, warnings)
        if self._only is not None:
            return self._only.read(payload, "", warnings)
        content_type = headers.get(b"content-type")
        text = content_type.decode("latin-1") if content_type is not None else self._first
        reader = self._readers.get(content_type)
        if reader is None:
            reader = self._compile(text)
            if len(self._readers) <= len(self._content):  # parameters may differ for ever
                self._readers[content_type] = reader
        return reader.read(payload, text, warnings)

    def _warn_of_type(self, headers: Mapping[bytes, bytes], warnings: list[str]) -> None:
        """Warn of a body of ``application/json`` where another JSON type is documented."""
        if self._json_type in (None, _JSON_NAME):
            return
        name = name_of(headers.get(b"content-type", b"").decode("latin-1"))
        if name == _JSON_NAME and name not in self._content:
            add(warnings, f"Content-Type: '{name}' is read as '{self._json_type}'")

    @property
    def _first(self) -> str:
        """The media type of a body that is sent without one."""
        return self._json_type or (_JSON_NAME if self._usual_type else next(iter(self._content)))

    def _documented(self, content_type: str) -> str | None:
        """Return the documented media type that describes a body: its own, else a range.

        ``application/json`` is described by JSON of any kind, and describes JSON of any kind.
        """
        name = name_of(content_type)
        if name in self._content:
            return name
        if self._json_type is not None and is_json(name) and _JSON_NAME in (name, self._json_type):
            return self._json_type
        ranges = sorted(self._content, key=lambda known: known.count("*"))
        return next((known for known in ranges if "/" in name and fnmatch(name, known)), None)

    def _compile(self, content_type: str) -> _Reader:
        documented = self._documented(content_type)
        schema: Schema = self._content.get(documented or "", {}).get("schema", {})
        encoding: Schema = self._content.get(documented or "", {}).get("encoding", {})
        name = name_of(content_type)
        if is_json(name) or name in _ANY:  # a client may send the range itself
            return JsonBody(schema, self._contract)
        # These are imported when first needed: bodies of most documents are JSON.
        if name == _FORM or name.startswith("multipart/"):
            from mockserver.engine.form_body import FormBody, MultipartBody

            kind = FormBody if name == _FORM else MultipartBody
            return kind(schema, encoding, self._contract)
        if is_xml(name):
            from mockserver.engine.xml_body import XmlBody

            return XmlBody(schema, self._contract)
        return _OtherBody(schema, self._contract, is_text=name.startswith("text/"))


class _OtherBody:
    """Text, which is validated if its schema describes a single value, and bytes."""

    def __init__(self, schema: Schema, contract: Contract, *, is_text: bool) -> None:
        from mockserver.engine.form_body import Checked

        checked = Checked(schema, contract)
        self._checked = checked if is_text and checked.is_scalar else None

    def read(self, payload: bytes, _: str, _warnings: list[str]) -> tuple[Json, list[Problem]]:
        """Return the text, or the bytes as they are."""
        if self._checked is None:
            return payload, []
        return self._checked.read(payload.decode("utf-8", "replace"))


def _is_form(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request sends a form, which may be empty."""
    return headers.get(b"content-type", b"").lower().startswith(_FORM.encode())
