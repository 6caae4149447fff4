"""An operation as the harness knows it: what to send, and what may come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter with its schema and its serialization."""

    name: str
    location: str
    """path, query, header or cookie"""
    required: bool
    schema: Any
    style: str
    explode: bool
    example: Any = None


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: schemas and encodings by media type."""

    required: bool
    content: dict[str, Any]
    encodings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """A documented response: schemas by media type, None where there is none."""

    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scheme:
    """How credentials are sent."""

    kind: str
    """key, basic, bearer or none"""
    location: str = "header"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    parameters: list[Parameter]
    body: Body | None
    responses: dict[str, Response]
    security: list[list[Scheme]]

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_simple(self) -> bool:
        """Whether a GET needs no parameter."""
        return self.method == "GET" and not any(found.required for found in self.parameters)

    @property
    def needs_credentials(self) -> bool:
        return bool(self.security) and all(
            any(scheme.kind != "none" for scheme in requirement) for requirement in self.security
        )

    def response(self, status: int) -> Response | None:
        """Return what is documented of a status."""
        for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if name in self.responses:
                return self.responses[name]
        return None

    def expects(self, status: int) -> bool:
        """Return whether a status is a documented success."""
        if not self.responses:
            return status < 400
        if self._successes():
            return str(status) in self._successes() or f"{status // 100}XX" in {
                name.upper() for name in self._successes()
            }
        if all(name[0] in "45" for name in self.responses):  # only its errors are documented
            return status < 400 or str(status) in self.responses
        if status >= 400 and any(name[0] in "45" for name in self.responses):
            return "default" not in self.responses and str(status) in self.responses
        return "default" in self.responses and status < 400

    def _successes(self) -> set[str]:
        return {name for name in self.responses if name[:1] in {"1", "2", "3"}}

    @property
    def accepted(self) -> str:
        """The media type to ask for: JSON where it is documented."""
        successes = [name for name in self.responses if name[:1] == "2"] or ["default"]
        found = [
            media
            for name in successes
            if name in self.responses
            for media in self.responses[name].content
        ]
        return next((media for media in found if is_json(media)), found[0] if found else "*/*")


def is_json(media: str) -> bool:
    """Return whether a media type is JSON."""
    plain = media.partition(";")[0].strip().lower()
    return plain in {"application/json", "text/json", "*/*", "application/*"} or plain.endswith(
        "+json"
    )
