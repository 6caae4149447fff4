"""openapi-core as a second judge, which reads the contract with code of its own."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.exceptions import MediaTypeFinderError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.responses.exceptions import ResponseFinderError
from openapi_core.validation.response.exceptions import (
    HeadersError,
    InvalidHeader,
    MissingRequiredHeader,
)
from werkzeug.datastructures import Headers as WerkzeugHeaders
from werkzeug.datastructures import ImmutableMultiDict

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange, Headers, NotJson
from contract_tests.http.redaction import is_of_letters
from contract_tests.judge.kept_validators import kept
from contract_tests.judge.shapes import Node, Place, Shapes, nodes
from contract_tests.openapi.contract import JSON, Contract, Operation, escape
from contract_tests.openapi.schemas import generalised

WITNESS = "openapi-core"
_REMEMBERED = 20_000
_MAX_PLACES = 50_000
_MAX_SPLIT = 262_144
"""The size of bodies that are split into nodes, in bytes."""
_NOT_OF_THE_BODY = (HeadersError, PathError, ResponseFinderError, MediaTypeFinderError)
OF_NULL = "None "
"""How objections to a null begin."""
_HOST = "http://deployment.invalid"


@dataclass(frozen=True)
class Objection:
    """One objection of openapi-core to a response."""

    kind: str
    where: str
    keyword: str
    message: str


class _Declared(NamedTuple):
    """What the contract says of a response, as text."""

    headers: str
    body: str


class OpenApiCore:
    """openapi-core for one contract.

    It takes milliseconds where the first judge takes microseconds. So it is asked once about
    requests, bodies and headers of the same shape.
    """

    def __init__(self, contract: Contract) -> None:
        # The document has been checked already; where it is served is not judged.
        document = {
            **_readable(contract.document, is_modern=contract.is_modern),
            "servers": [{"url": _HOST + contract.base_path}],
        }
        warnings.filterwarnings("ignore", "Unsupported scheme type")  # keys are judged elsewhere
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="openapi_core")
        self._headers = kept(_without(document, "content"))
        self._bodies = kept(_without(document, "headers"))
        self._shapes = Shapes(document)
        self._credential = contract.credential
        self._parameters = _header_parameters(document)
        self._names = _response_headers(document) - {"content-type"}  # the body's part
        self._declarations: dict[tuple[str, int], _Declared] = {}
        self._literals = {part for path in document["paths"] for part in path.split("/")}
        self._literals |= set(contract.base_path.split("/"))
        self._places: dict[tuple[Any, ...], Place] = {}
        self._seen: dict[tuple[Any, ...], Any] = {}

    def accepts_request(self, exchange: Exchange) -> bool:
        """Return whether a request is valid. The key is judged by other rules."""
        credential = self._credential.header.lower() if self._credential is not None else ""
        names = self._parameters - {credential}
        has_key = bool(credential and exchange.request_header(credential))
        place = self._place((exchange.method, self._path(exchange), has_key))
        headers = _chosen(exchange.request_headers, names)
        body, unknown = self._body(exchange.request_body, lambda: exchange.sent, place)
        unknown |= self._shapes.unknown_texts(exchange.query, place, "query")
        unknown |= self._shapes.unknown_texts(headers, place, "headers")
        if not unknown and body is None:
            return True
        key = (place, body, frozenset(unknown))
        is_accepted = bool(self._once(key, partial(_accepts, self._bodies, exchange)))
        if is_accepted:
            _accept(unknown, (), "")
        return is_accepted

    def objections(self, exchange: Exchange, operation: Operation) -> tuple[Objection, ...]:
        """Return its objections to a response."""
        declared = self._declared(operation, exchange.status)
        media_type = exchange.response_header("content-type")
        place = self._place((declared.body, exchange.status, media_type))
        digest, unknown = self._body(exchange.response_body, lambda: exchange.parsed_body, place)
        shared = self._place((declared.headers, exchange.status))
        headers = sorted(_chosen(exchange.response_headers, self._names))
        parts = (
            (self._bodies, place, digest, unknown),
            (self._headers, shared, None, self._shapes.unknown_texts(headers, shared, "headers")),
        )
        found: dict[Objection, None] = {}
        for openapi, place, body, unknown in parts:
            if not unknown and body is None:
                continue  # all of it was accepted before
            key = (place, openapi is self._headers, body, frozenset(unknown))
            objections = self._once(key, partial(_objections, openapi, exchange))
            if objections is None:
                continue  # it finds no schema, so nothing was validated
            _accept(unknown, objections, f"/response/{exchange.status}")
            found |= dict.fromkeys(objections)
        return tuple(found)

    def _declared(self, operation: Operation, status: int) -> _Declared:
        """Return what the contract says of a response, as text: many responses have the same."""
        key = operation.id, status
        found = self._declarations.get(key)
        if found is None:
            response = operation.responses.get(status)
            node = response.node if response is not None else {"content": operation.id}
            parts = (json.dumps(node.get(part), default=str) for part in ("headers", "content"))
            found = self._declarations[key] = _Declared(*parts)
        return found

    def _place(self, key: tuple[Any, ...]) -> Place:
        """Return the place of all requests or responses of a kind."""
        if self._shapes.places > _MAX_PLACES:
            self._shapes.places = 0
            self._places.clear()
            self._seen.clear()
        return self._places.setdefault(key, Place())

    def _body(
        self, body: bytes, parse: Callable[[], Any], place: Place
    ) -> tuple[bytes | None, set[Node]]:
        """Return a digest of a body that is not split into nodes, and its new nodes else."""
        try:
            value = parse() if self._shapes.can_split and 0 < len(body) <= _MAX_SPLIT else None
        except NotJson:
            value = None
        digest = sha256(body).digest()
        if value is None:
            return digest, set()
        if digest in place.accepted_values:
            return None, set()
        unknown = self._shapes.unknown(value, place, "body")
        if not unknown:
            if len(place.accepted_values) >= _REMEMBERED:
                place.accepted_values.clear()
            place.accepted_values.add(digest)
        return None, unknown

    def _path(self, exchange: Exchange) -> tuple[Hashable, ...]:
        shape = self._shapes.of_parameter
        parts = exchange.path.split("/")
        return tuple(part if part in self._literals else (shape(part),) for part in parts)

    def findings(self, exchange: Exchange, operation: Operation) -> Iterator[Finding]:
        """Yield its objections to a response whose status the contract declares."""
        response = operation.responses.get(exchange.status)
        if response is None or exchange.method == "HEAD" or exchange.is_too_deep:
            return
        for objection in self.objections(exchange, operation):
            is_of_body = objection.kind != "response_header"
            if is_of_body and (exchange.media_type != JSON or not exchange.response_body_known):
                continue  # it parses no media type but JSON's own
            yield Finding(
                operation.id,
                objection.kind,
                objection.where,
                objection.keyword,
                "assumed",
                "what the contract says",
                objection.message,
                response.pointer,
                exchange,
                witnesses=(WITNESS,),
            )

    def _once(self, key: tuple[Any, ...], judge: Callable[[], Any]) -> Any:
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            found = self._seen[key] = judge()
        return found


def _chosen(headers: Headers, names: set[str]) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in headers if name.lower() in names)


def _accept(unknown: set[Node], objections: tuple[Objection, ...], root: str) -> None:
    """Remember the nodes that there is no objection to."""
    wrong = {objection.where for objection in objections}
    if f"{root}/body" in wrong:
        return
    wrong |= {where.rpartition("/")[0] for where in wrong}  # what misses a part, or has too many
    for place, shape in unknown:
        if root + generalised(place.pointer) not in wrong:
            place.accept(shape)


def _accepts(openapi: OpenAPI, exchange: Exchange) -> bool:
    errors = openapi.iter_request_errors(_Request(exchange))
    return all("Security" in type(error).__name__ for error in errors)


def _objections(openapi: OpenAPI, exchange: Exchange) -> tuple[Objection, ...] | None:
    """Return the objections; None if openapi-core does not find the operation or the response."""
    errors = list(openapi.iter_response_errors(_Request(exchange), _Response(exchange)))
    if any(isinstance(error, PathError | ResponseFinderError) for error in errors):
        return None
    return tuple(_explained(errors, exchange.status))


def _without(node: Any, part: str) -> Any:
    """Return the document without the headers, or without the content, of its responses."""
    if isinstance(node, list):
        return [_without(item, part) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without(value, part)
        for key, value in node.items()
        if not (key == part and isinstance(node.get("description"), str))
    }


def _readable(node: Any, *, is_modern: bool) -> Any:
    """Return the document as openapi-core can read it.

    Mappings of discriminators have references instead of names, and patterns that Python's engine
    cannot read are left out. So is what is beside a reference, which has no effect before 3.1.
    """
    if isinstance(node, list):
        return [_readable(item, is_modern=is_modern) for item in node]
    if not isinstance(node, dict):
        return node
    if not is_modern and isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    found = {
        name: _readable(value, is_modern=is_modern)
        for name, value in node.items()
        if not (name == "pattern" and isinstance(value, str) and not _is_pattern(value))
    }
    if not is_modern and node.get("nullable") is True and isinstance(node.get("enum"), list):
        found["enum"] = [*node["enum"], None]  # as the first judge reads it
    mapping = node.get("mapping")
    if "propertyName" in node and isinstance(mapping, dict):
        found["mapping"] = {
            value: name if "/" in str(name) else f"#/components/schemas/{name}"
            for value, name in mapping.items()
        }
    return found


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _header_parameters(document: dict[str, Any]) -> set[str]:
    """Return the request headers that a document speaks of, in lower case."""
    found = {
        str(node.get("name", "")).lower() for node in nodes(document) if node.get("in") == "header"
    }
    return found | {"content-type", "content-encoding", "cookie"}


def _response_headers(document: dict[str, Any]) -> set[str]:
    found = (
        node["headers"] for node in nodes(document) if "description" in node and "headers" in node
    )
    return {name.lower() for headers in found if isinstance(headers, dict) for name in headers}


class _Request:
    """An exchange's request as openapi-core reads it."""

    def __init__(self, exchange: Exchange) -> None:
        self.host_url = _HOST
        self.path = urlsplit(exchange.path).path
        self.method = exchange.method.lower()
        self.body = exchange.request_body or None
        self.content_type = exchange.request_header("content-type") or ""
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(dict(exchange.query)),
            header=WerkzeugHeaders(list(exchange.request_headers)),
            cookie=ImmutableMultiDict(),
        )


class _Response:
    """An exchange's response as openapi-core reads it."""

    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status
        self.headers = WerkzeugHeaders(list(exchange.response_headers))
        self.data = exchange.response_body
        self.content_type = exchange.response_header("content-type") or ""


def _explained(errors: Any, status: int) -> Iterator[Objection]:
    headers = f"/response/{status}/headers"
    for error in errors:
        if isinstance(error, MissingRequiredHeader):
            yield Objection(
                "response_header",
                f"{headers}/{escape(error.name.lower())}",
                "required",
                "is missing",
            )
        elif isinstance(error, InvalidHeader):
            name = f"{headers}/{escape(error.name.lower())}"
            for keyword, _, message in _schema_errors(error):
                yield Objection("response_header", name, keyword, message)
        elif not isinstance(error, _NOT_OF_THE_BODY):
            found = list(_schema_errors(error))
            for keyword, where, message in found:
                yield Objection(
                    "response_schema",
                    f"/response/{status}/body{generalised(where)}",
                    keyword,
                    message,
                )
            is_named = bool(getattr(error.__cause__, "schema_errors", ()))
            if not (found or is_named) and not isinstance(
                error.__cause__, ResponseFinderError | MediaTypeFinderError
            ):
                cause = error.__cause__ or error
                yield Objection(
                    "response_schema",
                    f"/response/{status}/body",
                    type(cause).__name__,
                    _said(cause),
                )


def _said(error: BaseException) -> str:
    try:
        return str(error)[:200]
    except ValueError:  # it quotes a body that is no text
        return type(error).__name__


def _schema_errors(error: OpenAPIError) -> Iterator[tuple[str, str, str]]:
    for cause in getattr(error.__cause__, "schema_errors", ()):
        if is_of_letters(str(cause.validator), cause.instance):
            continue
        if cause.validator == "format" and cause.validator_value in ("int32", "int64"):
            continue  # the first judge takes no sizes of integers from formats either
        where = "".join(f"/{escape(str(part))}" for part in cause.absolute_path)
        if cause.validator == "required":
            # As the first judge: the place of what is missing, not of what misses it.
            where += "/" + escape(cause.message.split("'")[1])
        yield str(cause.validator), where, cause.message
