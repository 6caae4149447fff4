"""openapi-core as a second judge, which reads the contract with code of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.exceptions import MediaTypeFinderError
from openapi_core.templating.responses.exceptions import ResponseFinderError
from openapi_core.validation.response.exceptions import (
    HeadersError,
    InvalidHeader,
    MissingRequiredHeader,
)
from werkzeug.datastructures import Headers, ImmutableMultiDict

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge.shapes import Node, Place, Shapes, nodes
from contract_tests.openapi.contract import Contract, Operation, escape
from contract_tests.openapi.schemas import generalised

WITNESS = "openapi-core"
_REMEMBERED = 20_000
_MAX_PLACES = 50_000
_MAX_SPLIT = 262_144
"""The size of bodies that are split into nodes, in bytes."""
_WHOLE: Node = (Place(), "")
"""Stands for a body that is not split into nodes."""
_HOST = "http://deployment.invalid"
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True)
class Objection:
    """One objection of openapi-core to a response."""

    kind: str
    where: str
    keyword: str
    message: str


class OpenApiCore:
    """openapi-core for one contract.

    It takes milliseconds where the first judge takes microseconds. So it is asked once about
    requests, bodies and headers of the same shape.
    """

    def __init__(self, contract: Contract) -> None:
        # The document has been checked already; where it is served is not judged.
        document = {**contract.document, "servers": [{"url": _HOST + contract.base_path}]}
        config = Config(spec_validator_cls=None)
        self._whole = OpenAPI.from_dict(document, config=config)
        self._bodies = OpenAPI.from_dict(_without_headers(document), config=config)
        self._shapes = Shapes(document)
        self._credential = contract.credential
        self._parameters = _header_parameters(document)
        self._headers = _response_headers(document) | {"content-type", "content-encoding"}
        self._literals = {part for path in document["paths"] for part in path.split("/")}
        self._literals |= set(contract.base_path.split("/"))
        self._places: dict[tuple[Any, ...], Place] = {}
        self._seen: dict[tuple[Any, ...], Any] = {}

    def accepts_request(self, exchange: Exchange) -> bool:
        """Return whether a request is valid. The key is judged by other rules."""

        def judge() -> bool:
            errors = self._bodies.iter_request_errors(_Request(exchange))
            try:
                return all("Security" in type(each).__name__ for each in errors)
            except RecursionError:
                return False

        key = self._request_key(exchange)
        body, unknown = self._unknown(key, exchange.request_body, lambda: exchange.sent)
        is_accepted = bool(self._once((*key, body), judge))
        if is_accepted:
            self._accept(unknown, (), "")
        return is_accepted

    def objections(self, exchange: Exchange, operation: Operation) -> tuple[Objection, ...]:
        """Return its objections to a response."""
        headers = tuple(
            sorted(
                (name.lower(), _DIGIT.sub("9", value))
                for name, value in exchange.response_headers
                if name.lower() in self._headers
            )
        )
        where = (operation.id, exchange.status)
        of_headers = self._once((*where, headers), partial(_objections, self._whole, exchange))
        return tuple(dict.fromkeys((*self._of_body(exchange, where), *of_headers)))

    def _of_body(self, exchange: Exchange, where: tuple[str, int]) -> tuple[Objection, ...]:
        """Return its objections to a body. Only nodes that were not accepted yet are new to it."""
        key = (*where, exchange.response_header("content-type"))
        body, unknown = self._unknown(key, exchange.response_body, lambda: exchange.answer)
        if unknown == set():
            return ()
        found: tuple[Objection, ...] = self._once(
            (*key, body), partial(_objections, self._bodies, exchange)
        )
        self._accept(unknown, found, f"/response/{exchange.status}/body")
        return found

    def _accept(self, unknown: set[Node], found: tuple[Objection, ...], root: str) -> None:
        """Remember nodes that there is no objection to."""
        wrong = {each.where for each in found}
        wrong |= {where.rpartition("/")[0] for where in wrong}  # to what misses it, or has too much
        if root in {each.where for each in found}:
            return
        for place, shape in unknown:
            if generalised(root + place.pointer) not in wrong:
                place.accepted.add(shape)

    def _unknown(
        self, key: tuple[Any, ...], body: bytes, parse: Callable[[], Any]
    ) -> tuple[Hashable, set[Node]]:
        """Return what is new in a body, as a key; a digest of the body if it cannot be split."""
        if not body:
            return None, {_WHOLE}
        try:
            value = parse() if self._shapes.can_split and len(body) <= _MAX_SPLIT else None
        except NotJson:
            value = None
        if value is None:
            return sha256(body).digest(), {_WHOLE}
        if self._shapes.places > _MAX_PLACES:
            self._shapes.places = 0
            self._places.clear()
            self._seen.clear()
        unknown = self._shapes.unknown(value, self._places.setdefault(key, Place()))
        return frozenset(unknown), unknown

    def _request_key(self, exchange: Exchange) -> tuple[Any, ...]:
        """Return all of a request but the body, as far as its validity depends on it."""
        shape = self._shapes.of_parameter
        credential = self._credential.header.lower() if self._credential is not None else ""
        headers = tuple(
            (name.lower(), value)
            for name, value in exchange.request_headers
            if name.lower() in self._parameters and name.lower() != credential
        )
        path = tuple(
            part if part in self._literals else (shape(part),) for part in exchange.path.split("/")
        )
        query = tuple((name, shape(value)) for name, value in exchange.query)
        has_key = bool(credential and exchange.request_header(credential))
        return exchange.method, path, query, headers, has_key

    def findings(self, exchange: Exchange, operation: Operation) -> Iterator[Finding]:
        """Yield its objections to a response whose status the contract declares."""
        response = operation.responses.get(exchange.status)
        if response is None or exchange.method == "HEAD":
            return
        for objection in self.objections(exchange, operation):
            if objection.kind != "response_header" and not exchange.response_body_known:
                continue
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
        if key not in self._seen:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[key] = judge()
        return self._seen[key]


def _objections(openapi: OpenAPI, exchange: Exchange) -> tuple[Objection, ...]:
    errors = openapi.iter_response_errors(_Request(exchange), _Response(exchange))
    try:
        return tuple(_explained(errors, exchange.status))
    except RecursionError:  # the first judge says that it is nested too deeply
        return ()


def _without_headers(node: Any) -> Any:
    """Return the document without the headers of its responses."""
    if isinstance(node, list):
        return [_without_headers(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_headers(value)
        for key, value in node.items()
        if not (key == "headers" and "description" in node)
    }


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
            header=Headers(list(exchange.request_headers)),
            cookie=ImmutableMultiDict(),
        )


class _Response:
    """An exchange's response as openapi-core reads it."""

    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status
        self.headers = Headers(list(exchange.response_headers))
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
        elif not isinstance(error, HeadersError | ResponseFinderError | MediaTypeFinderError):
            found = list(_schema_errors(error))
            for keyword, where, message in found:
                yield Objection(
                    "response_schema",
                    f"/response/{status}/body{generalised(where)}",
                    keyword,
                    message,
                )
            if not found and not isinstance(
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
    for each in getattr(error.__cause__, "schema_errors", ()):
        where = "".join(f"/{escape(str(part))}" for part in each.absolute_path)
        if each.validator == "required":
            # As the first judge: the place of what is missing, not of what misses it.
            where += "/" + escape(each.message.split("'")[1])
        yield str(each.validator), where, each.message
