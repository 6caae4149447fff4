"""openapi-core as a second judge, which reads the contract with code of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
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
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract, Operation, escape
from contract_tests.openapi.schemas import generalised

WITNESS = "openapi-core"
_REMEMBERED = 20_000
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

    It takes milliseconds where the first judge takes microseconds. So requests and bodies that
    repeat, and headers that differ in digits only, are judged once.
    """

    def __init__(self, contract: Contract) -> None:
        # The document has been checked already; where it is served is not judged.
        document = {**contract.document, "servers": [{"url": _HOST + contract.base_path}]}
        config = Config(spec_validator_cls=None)
        self._whole = OpenAPI.from_dict(document, config=config)
        self._bodies = OpenAPI.from_dict(_without_headers(document), config=config)
        self._credential = contract.credential
        self._seen: dict[tuple[Any, ...], Any] = {}

    def accepts_request(self, exchange: Exchange) -> bool:
        """Return whether a request is valid. The key is judged by other rules."""
        ignored = self._credential.header.lower() if self._credential is not None else ""
        headers = tuple(pair for pair in exchange.request_headers if pair[0].lower() != ignored)
        key = (exchange.method, exchange.url, headers, exchange.request_body)

        def judge() -> bool:
            errors = self._bodies.iter_request_errors(_Request(exchange))
            return all("Security" in type(each).__name__ for each in errors)

        return bool(self._once(key, judge))

    def objections(self, exchange: Exchange, operation: Operation) -> tuple[Objection, ...]:
        """Return its objections to a response."""
        headers = tuple(
            sorted(
                (name.lower(), _DIGIT.sub("9", value)) for name, value in exchange.response_headers
            )
        )
        found: dict[Objection, None] = {}
        for openapi, facts in ((self._bodies, exchange.response_body), (self._whole, headers)):
            key = (operation.id, exchange.status, facts)
            found |= dict.fromkeys(self._once(key, partial(_objections, openapi, exchange)))
        return tuple(found)

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
    return tuple(_explained(errors, exchange.status))


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
