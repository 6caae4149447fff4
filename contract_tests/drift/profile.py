"""The profile of a server: types and formats in its responses, and deviations from the contract.

Ids, times, amounts and lengths of lists depend on the account. A profile keeps their type and
format, never their values.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.openapi.contract import JSON, Contract, Operation, Place, escape
from contract_tests.openapi.provenance import unescape
from contract_tests.openapi.schemas import Breach, Schemas

Location = tuple[str, str]
"""An operationId and a place in its responses: ``/response/200/body/transactions/*/id``."""

TEXT = "text"
_FIRST = ("required", "unknown_field", "type", "enum", "pattern", "format")
"""Keywords in order of precedence. Of several breaches by one value, the first is reported."""
_STANDARD_HEADERS = frozenset({"allow", "retry-after", "deprecation", "sunset"})
"""Headers that have a meaning to clients although the contract may not declare them."""
_CLASSES = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "UUID with capitals"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "date"),
    (re.compile(r"-?\$[\d,]+\.\d{2}(\d{2})?"), "amount in dollars"),
    (re.compile(r"https?://\S+"), "URL"),
    (re.compile(r"-?\d+(\.\d+)?"), "number in quotes"),
    (re.compile(r"\s*"), "empty text"),
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


@dataclass(frozen=True)
class Use:
    """A place of the contract, before and after resolving its reference."""

    own: str
    """JSON pointer to the place itself."""
    target: str
    """JSON pointer to what it refers to; the same if it is no reference."""


@dataclass
class Observation:
    """The observations at one location."""

    use: Use
    topic: str
    """Identifies the property or shared header across locations."""
    is_optional: bool
    exchange: Exchange
    """The first exchange with this location."""
    chances: int = 0
    """How often the parent was present."""
    present: int = 0
    types: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    """The values of an enum."""

    def note(self, value: Any, schema: Mapping[str, Any]) -> None:
        """Note the type of a value, and its format or enum value."""
        self.types[json_type(value)] += 1
        if isinstance(value, str):
            if "enum" in schema:
                self.values[value] += 1
            else:
                self.formats[format_class(value)] += 1


@dataclass
class Deviation:
    """A violation of the contract at one location."""

    use: Use
    """The place to change; for a missing or unknown field, the object around it."""
    spec: str
    """JSON pointer to the violated keyword."""
    exchange: Exchange
    """The first exchange that shows it."""
    value: Any
    times: int = 1


class Profile:
    """Collects observations and deviations from the exchanges with one server."""

    def __init__(self, contract: Contract, schemas: Schemas, *, is_of_many: bool = False) -> None:
        self.observations: dict[Location, Observation] = {}
        self.deviations: dict[tuple[Location, str], dict[str, Deviation]] = defaultdict(dict)
        """By location and keyword, then by the wrong value or type."""
        self.is_of_many = is_of_many
        """Whether accounts in all kinds of situations are read before differences are reported."""
        self._contract = contract
        self._schemas = schemas
        self._uses: dict[str, Use] = {}
        self._families = _families(contract)
        self._exchange: Exchange
        """The current exchange."""

    def note(self, exchange: Exchange) -> None:
        """Add an exchange, whose secrets have been replaced."""
        # The body is dropped to save memory: later only the request is needed.
        self._exchange = replace(exchange, response_body=b"")
        matched = self._contract.match(exchange.method, exchange.path)
        response = matched[0].responses.get(exchange.status) if matched else None
        if matched is None or response is None or exchange.error:
            return
        operation = matched[0]
        where = f"/response/{exchange.status}"
        self._headers(operation, exchange, response, f"{where}/headers")
        if exchange.method == "HEAD" or "content" not in response.node:
            return
        content = Use(response.child("content"), response.child("content"))
        if exchange.media_type not in response.node["content"]:
            location = (operation.id, f"{where}/headers/content-type")
            self._deviate(location, "content", content, content.own, exchange.media_type or None)
        elif exchange.media_type == JSON:
            self._body(
                operation, exchange, response.child("content", JSON, "schema"), f"{where}/body"
            )

    def topics(self) -> dict[str, tuple[int, int]]:
        """Return, by topic, how often it was present and how often it could have been."""
        found: dict[str, tuple[int, int]] = {}
        for observation in self.observations.values():
            present, chances = found.get(observation.topic, (0, 0))
            found[observation.topic] = (
                present + observation.present,
                chances + observation.chances,
            )
        return found

    def use(self, own: str) -> Use:
        """Return the use of a place of the contract, given by its own pointer."""
        if own not in self._uses:
            self._uses[own] = Use(own, self._contract.at(own).pointer)
        return self._uses[own]

    # ------------------------------------------------------------------------------------- headers

    def _headers(
        self, operation: Operation, exchange: Exchange, response: Place, where: str
    ) -> None:
        given = {name.lower(): value for name, value in exchange.response_headers}
        documented = response.node.get("headers", {})
        for name in documented:
            use = self.use(response.child("headers", name))
            node = self._contract.at(use.target).node
            location = (operation.id, f"{where}/{escape(name.lower())}")
            observation = self._observation(
                location, use, use.target, is_optional=not node.get("required")
            )
            observation.chances += 1
            text = given.get(name.lower())
            if text is not None:
                observation.present += 1
                self._header(location, observation, text)
            elif not observation.is_optional:
                self._deviate(location, "required", use, f"{use.target}/required", None)
        around = Use(response.child("headers"), response.child("headers"))
        for name in given.keys() - {name.lower() for name in documented}:
            if name in _STANDARD_HEADERS or name.startswith(self._families):
                location = (operation.id, f"{where}/{escape(name)}")
                self._deviate(location, "unknown_field", around, around.own, given[name])

    def _header(self, location: Location, observation: Observation, text: str) -> None:
        schema = self._contract.at(f"{observation.use.target}/schema")
        is_number = schema.node.get("type") == "integer" and re.fullmatch(r"-?\d+", text)
        value = int(text) if is_number else text
        observation.note(value, schema.node)
        for breach in _best(self._schemas.breaches(schema.pointer, value)):
            spec = self._keyword(schema.pointer, breach.keyword)
            self._deviate(location, breach.keyword, observation.use, spec, value)

    # -------------------------------------------------------------------------------------- bodies

    def _body(self, operation: Operation, exchange: Exchange, schema: str, where: str) -> None:
        root = self.use(schema)
        try:
            body = exchange.parsed_body
        except NotJson as error:
            self._deviate((operation.id, where), "json", root, root.own, f"a body that {error}")
            return
        self._walk(
            operation.id,
            self._observation((operation.id, where), root, root.own, is_optional=False),
            body,
            where,
        )
        for breach in _best(self._schemas.breaches(root.target, body)):
            self._breach(operation, root, breach, where)

    def _walk(self, operation_id: str, observation: Observation, value: Any, where: str) -> None:
        """Note a value and all declared values within it."""
        node = self._contract.at(observation.use.target).node
        observation.note(value, node)
        if isinstance(value, dict):
            for name in node.get("properties", {}):
                below = f"{where}/{escape(name)}"
                use = self.use(f"{observation.use.target}/properties/{escape(name)}")
                is_optional = name not in node.get("required", [])
                child = self._observation(
                    (operation_id, below), use, use.own, is_optional=is_optional
                )
                child.chances += 1
                if name in value:
                    child.present += 1
                    self._walk(operation_id, child, value[name], below)
        elif isinstance(value, list) and "items" in node and value:
            use = self.use(f"{observation.use.target}/items")
            child = self._observation((operation_id, f"{where}/*"), use, use.own, is_optional=False)
            for item in value:
                self._walk(operation_id, child, item, f"{where}/*")

    def _breach(self, operation: Operation, root: Use, breach: Breach, where: str) -> None:
        parts = [unescape(part) for part in breach.where.split("/")[1:]]
        if breach.keyword in ("required", "unknown_field"):
            use, below = self._locate(root, parts[:-1])
            below += f"/{escape(parts[-1])}"
            spec = self._keyword(
                use.target, "required" if breach.keyword == "required" else "properties"
            )
            names = self._contract.at(use.target).node.get("required", [])
            if breach.keyword == "required" and parts[-1] in names:
                spec += f"/{names.index(parts[-1])}"
        else:
            use, below = self._locate(root, parts)
            spec = self._keyword(use.target, breach.keyword)
        self._deviate((operation.id, where + below), breach.keyword, use, spec, breach.value)

    def _locate(self, root: Use, parts: list[str]) -> tuple[Use, str]:
        """Return the use for a place in a value, and that place with ``*`` for free keys."""
        use, where = root, ""
        for part in parts:
            node = self._contract.at(use.target).node
            if "items" in node:
                use, where = self.use(f"{use.target}/items"), f"{where}/*"
            elif part in node.get("properties", {}):
                use = self.use(f"{use.target}/properties/{escape(part)}")
                where = f"{where}/{escape(part)}"
            elif isinstance(node.get("additionalProperties"), dict):
                use, where = self.use(f"{use.target}/additionalProperties"), f"{where}/*"
            else:
                where = f"{where}/{escape(part)}"
        return use, where

    # ------------------------------------------------------------------------------------- records

    def _keyword(self, pointer: str, keyword: str) -> str:
        return f"{pointer}/{keyword}" if keyword in self._contract.at(pointer).node else pointer

    def _observation(
        self, location: Location, use: Use, topic: str, *, is_optional: bool
    ) -> Observation:
        if location not in self.observations:
            self.observations[location] = Observation(use, topic, is_optional, self._exchange)
        return self.observations[location]

    def _deviate(self, location: Location, keyword: str, use: Use, spec: str, value: Any) -> None:
        kind = (
            str(value)
            if keyword in ("enum", "content")
            else json_type(value)
            if keyword == "type"
            else ""
        )
        found = self.deviations[location, keyword]
        if kind in found:
            found[kind].times += 1
        else:
            found[kind] = Deviation(use, spec, self._exchange, value)


def json_type(value: Any) -> str:
    """Return the type of a value as JSON Schema names it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    for type, name in ((int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, type):
            return name
    return "object"


def format_class(text: str) -> str:
    """Return the class of a string's format."""
    if found := _TIME.fullmatch(text):
        separator, fraction, zone = found.groups()
        words = ["time", "with a fraction" if fraction else "without a fraction"]
        words.append(
            "and no zone" if zone is None else "in Z" if zone in "Zz" else "with an offset"
        )
        return " ".join(words) + (", a space for T" if separator == " " else "")
    return next((name for pattern, name in _CLASSES if pattern.fullmatch(text)), TEXT)


def _best(breaches: Iterator[Breach]) -> list[Breach]:
    """Return the most specific breach per value: for a number in quotes the type, not the enum."""
    best: dict[str, Breach] = {}
    for breach in breaches:
        if breach.where not in best or _rank(breach) < _rank(best[breach.where]):
            best[breach.where] = breach
    return list(best.values())


def _rank(breach: Breach) -> int:
    return _FIRST.index(breach.keyword) if breach.keyword in _FIRST else len(_FIRST)


def _families(contract: Contract) -> tuple[str, ...]:
    """Return the prefixes of the API's own headers, such as ``x-ratelimit-``."""
    names = {
        name.lower()
        for operation in contract.operations.values()
        for response in operation.responses.values()
        for name in response.node.get("headers", {})
    }
    return tuple(
        sorted({"-".join(name.split("-")[:2]) + "-" for name in names if name.startswith("x-")})
    )
