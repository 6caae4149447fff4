"""Status, headers and body of one response, validated against the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.findings.finding import Finding
from contract_tests.findings.severity import MINOR
from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.http.redaction import is_of_letters
from contract_tests.judge.case import Case
from contract_tests.openapi.contract import JSON, Contract, Operation, Place, Provenance, escape
from contract_tests.openapi.provenance import unescape
from contract_tests.openapi.schemas import Breach, Schemas, generalised

ALWAYS: Provenance = "documented"
"""The provenance of what no client could live with: crashes, no JSON, missing authentication."""

_IMPLIED = frozenset({"HEAD", "OPTIONS", "QUERY"})
"""Methods that ``Allow`` may name beside those that the kit calls."""
MAX_BREACHES = 100
"""Places of one body that are reported."""
MAX_URL = 8000
"""Characters of a URL that every server should accept, by RFC 9110, 4.1."""
_REFUSALS_OF_STATE = (400, 401, 402, 403, 404, 409, 410, 412, 423, 429)
"""Statuses with which a valid request is refused for what is stored, or for who sends it."""
_OF_HTTP = {"size": 413, "media_type": 415, "json": 400}
"""Statuses with which HTTP itself refuses a body, whether or not a contract declares them."""


def judge(
    case: Case, operation: Operation, contract: Contract, schemas: Schemas
) -> Iterator[Finding]:
    """Yield everything that is wrong with the form of a response."""
    exchange = case.exchange
    broken = _breakdown(case, operation)
    if broken is not None:
        yield broken
    elif exchange.status != 0 and exchange.status < 500:
        response = operation.response(exchange.status)
        if response is not None:
            yield from _documented(exchange, operation, response, contract, schemas)
        elif not (
            is_of_http(case, operation)
            or _is_of_admission(case)
            or is_left_open(exchange, operation, contract)
        ):
            yield _undocumented(exchange, operation, contract)


def _breakdown(case: Case, operation: Operation) -> Finding | None:
    """Return that there is no whole response, or a server error."""
    exchange, place = case.exchange, operation.place
    if exchange.error:
        kind, where, keyword = "no_response", "/response", "broken"
        expected, got, spec = "a whole response", exchange.error, place.pointer
    elif exchange.status >= 500:
        kind, where, keyword = "server_error", "/response/status", "5xx"
        expected, got = "no server error", f"{exchange.status}: {excerpt(exchange)}"
        spec = place.child("responses")
    else:
        return None
    return Finding(operation.id, kind, where, keyword, ALWAYS, expected, got, spec, exchange)


def _undocumented(exchange: Exchange, operation: Operation, contract: Contract) -> Finding:
    status = exchange.status
    return Finding(
        operation.id,
        "undocumented_status",
        "/response/status",
        str(status),
        contract.provenance_of_status(operation, status),
        f"one of {', '.join(str(code) for code in operation.responses)}",
        f"{status}: {excerpt(exchange)}",
        operation.place.child("responses"),
        exchange,
        nature=MINOR if _is_of_the_state(status, operation, contract) else None,
    )


def _is_of_the_state(status: int, operation: Operation, contract: Contract) -> bool:
    """Return whether a status refuses what no schema describes, and the document leaves it out.

    FastAPI documents no status of errors but 422; the functions raise the others.
    """
    if contract.marks_provenance or status not in _REFUSALS_OF_STATE:
        return False
    documented = {*map(str, operation.responses), *operation.other_responses}
    return not {code for code in documented if code[0] in "4d"} - {"422"}


def is_left_open(exchange: Exchange, operation: Operation, contract: Contract) -> bool:
    """Return whether a document that grades nothing leaves a status to HTTP.

    It need not document the 404 of what a path does not find, the 414 of a long URL, nor any
    response at all. Where it documents errors only, a success is open.
    """
    if contract.marks_provenance:
        return False
    documented = [*operation.responses, *operation.other_responses]
    has_success = any(str(name)[0] not in "45" for name in documented)
    if not has_success and exchange.status < 300:
        return True
    is_too_long = exchange.status == 414 and len(exchange.url) > MAX_URL
    return not documented or is_too_long or (exchange.status == 404 and bool(operation.path_names))


def _is_of_admission(case: Case) -> bool:
    """Return whether a status is judged as a refusal: of a key, a method or an invalid request."""
    status = case.exchange.status
    if case.exchange.method == "HEAD" and status in (405, 501):
        return True
    if case.is_unauthenticated:
        return status in (401, 403)
    is_invalid = case.request.is_clear and bool(case.request.breaches)
    return is_invalid and status in (400, 405, 406, 409, 413, 415, 422)


def is_of_http(case: Case, operation: Operation) -> bool:
    """Return whether a status refuses what HTTP or the security scheme refuses everywhere."""
    status, declared = case.exchange.status, operation.responses
    if case.is_unauthenticated:
        return status in (401, 403) and not {401, 403}.intersection(declared)
    if not case.request.is_clear and status == 415:
        return True
    if not case.request.is_clear and not {400, 422}.intersection(declared):
        return status in (400, 413, 422)
    if not case.request.breaches:
        return False
    keyword = case.request.breaches[0].keyword
    if keyword in _OF_HTTP and status == _OF_HTTP[keyword]:
        return True
    return status in (400, 422) and not {400, 422}.intersection(declared)


def _documented(
    exchange: Exchange, operation: Operation, response: Place, contract: Contract, schemas: Schemas
) -> Iterator[Finding]:
    """Yield what is wrong with headers and body of a documented response."""
    for where, keyword, expected, got, spec in _headers(exchange, response, schemas):
        grade = contract.provenance(spec)
        yield Finding(
            operation.id, "response_header", where, keyword, grade, expected, got, spec, exchange
        )
    media_types = response.node.get("content")
    if exchange.method == "HEAD" or not media_types:
        return
    # A document may name a charset, which is no part of the media type.
    documented = {name.partition(";")[0].strip().lower(): name for name in media_types}
    if exchange.media_type not in documented and "*/*" not in documented:
        yield Finding(
            operation.id,
            "content_type",
            "/response/headers/content-type",
            "content",
            ALWAYS,
            " or ".join(media_types),
            f"Content-Type: {exchange.response_header('content-type') or 'none'}",
            response.child("content"),
            exchange,
            nature=MINOR if exchange.status >= 400 else None,
        )
    media_type = exchange.media_type if exchange.media_type in documented else JSON
    is_json = media_type == JSON or media_type.endswith("+json")
    if is_json and media_type in documented and exchange.response_body_known:
        place = response.child("content", documented[media_type])
        yield from _body(exchange, operation, place, contract, schemas)


def _body(
    exchange: Exchange, operation: Operation, media: str, contract: Contract, schemas: Schemas
) -> Iterator[Finding]:
    try:
        value = exchange.parsed_body
    except NotJson as error:
        yield Finding(
            operation.id,
            "malformed_body",
            "/response/body",
            "json",
            ALWAYS,
            "JSON",
            f"a body that {error}: {excerpt(exchange)}",
            media,
            exchange,
        )
        return
    if "schema" not in contract.at(media).node:
        return
    seen: set[tuple[str, str]] = set()
    for breach in schemas.breaches(f"{media}/schema", value):
        place = generalised(breach.where), breach.keyword
        is_hidden = is_of_letters(breach.keyword, breach.value)
        if place not in seen and not is_hidden and not _is_in_examples(breach, contract):
            seen.add(place)
            yield of_breach(breach, exchange, operation, contract)
        if len(seen) >= MAX_BREACHES:
            return


def _is_in_examples(breach: Breach, contract: Contract) -> bool:
    """Return whether a field lacks a schema, but the examples of an unmarked document show it."""
    if breach.keyword != "unknown_field" or contract.marks_provenance:
        return False
    return unescape(breach.where.rpartition("/")[2]) in contract.fields_of_examples


def of_breach(
    breach: Breach, exchange: Exchange, operation: Operation, contract: Contract
) -> Finding:
    """Return a breach of the response's schema as a finding."""
    return Finding(
        operation.id,
        "unknown_field" if breach.keyword == "unknown_field" else "response_schema",
        f"/response/{exchange.status}/body{generalised(breach.where)}",
        breach.keyword,
        contract.provenance(breach.via, _graded_keyword(breach, contract)),
        expectation(breach, contract),
        shown(breach.value) if breach.keyword != "required" else "nothing",
        breach.spec,
        exchange,
    )


def _graded_keyword(breach: Breach, contract: Contract) -> str:
    """Return the keyword whose provenance counts.

    For a null, and for a missing field that may be null, it is whether the value may be null.
    """
    if breach.keyword == "required":
        return "nullable" if _may_be_null(contract, breach.spec) else "required"
    is_null = breach.keyword == "type" and breach.value is None
    return "nullable" if is_null else breach.keyword


def _may_be_null(contract: Contract, pointer: str) -> bool:
    try:
        return bool(contract.at(pointer).node.get("nullable"))
    except (KeyError, TypeError):
        return False


def expectation(breach: Breach, contract: Contract) -> str:
    """Return what a keyword asks for, in words."""
    if breach.keyword == "unknown_field":
        return "no field that the contract does not name"
    if breach.keyword == "required":
        return f"'{breach.where.rsplit('/', 1)[1]}', which is required"
    try:
        return f"{breach.keyword}: {shown(contract.at(breach.spec).node, 120)}"
    except (KeyError, TypeError, ValueError):
        return breach.message[:160]


def _headers(
    exchange: Exchange, response: Place, schemas: Schemas
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield place, keyword, expectation, value and contract place of each wrong header."""
    for name in response.node.get("headers", {}):
        documented = schemas.place(response.child("headers", name))
        where = f"/response/{exchange.status}/headers/{escape(name.lower())}"
        text = exchange.response_header(name)
        if text is None:
            if documented.node.get("required"):
                yield where, "required", f"the header {name}", "none", documented.pointer
            continue
        if "schema" not in documented.node:
            continue
        pointer = documented.child("schema")
        value: Any = text
        if schemas.node(pointer).get("type") == "integer" and text.lstrip("-").isdigit():
            value = int(text)
        for breach in schemas.breaches(pointer, value):
            expected = f"{name}: {breach.message}"[:160]
            yield where, breach.keyword, expected, f"{name}: {text}", breach.spec


# ------------------------------------------------------------------ beside the declared operations


def undeclared(exchange: Exchange, allowed: list[str], contract: Contract) -> Iterator[Finding]:
    """Yield what is wrong with the response for an unknown path or an undeclared method."""
    status = exchange.status
    found: tuple[str, str, Provenance, str, str]
    if exchange.error:
        found = ("/response", "broken", ALWAYS, "a whole response", exchange.error)
    elif status >= 500 and not (status == 501 and allowed):  # no server knows all methods
        got = f"{status}: {excerpt(exchange)}"
        found = ("/response/status", "5xx", ALWAYS, "no server error", got)
    elif exchange.method == "OPTIONS" or status == 0:
        return
    elif status < 400:
        expected = f"405, with Allow: {', '.join(allowed)}" if allowed else "404"
        got = f"{status}: {excerpt(exchange)}"
        found = ("/response/status", "accepted", ALWAYS, expected, got)
    elif status != (405 if allowed else 404):
        expected = "405" if allowed else "404"
        found = ("/response/status", "status", "assumed", expected, str(status))
    else:
        yield from _refusal(exchange, allowed, contract)
        return
    yield _beside(exchange, allowed, *found)


def _beside(
    exchange: Exchange,
    allowed: list[str],
    part: str,
    keyword: str,
    grade: Provenance,
    expected: str,
    got: str,
) -> Finding:
    where = f"{exchange.method} {exchange.path[:80]}"
    kind = "method" if allowed else "unknown_path"
    return Finding(where, kind, part, keyword, grade, expected, got, "#/paths", exchange)


def _is_allow_of(named: set[str], path: str, contract: Contract) -> bool:
    """Return whether methods are those of a path: of one template that it fits, or of all."""
    templates = contract.methods_by_template(path)
    return any(
        named - _IMPLIED == methods - _IMPLIED
        for methods in (*templates, set[str]().union(*templates))
    )


def _refusal(exchange: Exchange, allowed: list[str], contract: Contract) -> Iterator[Finding]:
    place, expected = "/response/headers/allow", f"Allow: {', '.join(allowed)}"
    text = exchange.response_header("allow")
    named = {name.strip().upper() for name in (text or "").split(",") if name.strip()}
    if allowed and text is None:
        yield _beside(exchange, allowed, place, "required", "assumed", expected, "no Allow")
    elif allowed and not _is_allow_of(named, exchange.path, contract):
        got = f"Allow: {', '.join(sorted(named))}"
        yield _beside(exchange, allowed, place, "allow", "assumed", expected, got)
    if exchange.method == "HEAD" or not exchange.response_body_known:
        return
    missing = sorted(contract.error_fields - exchange.object.keys())
    if missing or not isinstance(exchange.object.get("detail", ""), str):
        fields = ", ".join(f'"{name}": "..."' for name in sorted(contract.error_fields))
        expected, got = f"{{{fields}}}, as every error", excerpt(exchange)
        yield _beside(exchange, allowed, "/response/body", "envelope", "observed", expected, got)


# ------------------------------------------------------------------------------------------- words


def shown(value: Any, limit: int = 200) -> str:
    """Return a value as JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]}..."


def excerpt(exchange: Exchange, limit: int = 160) -> str:
    """Return the beginning of a response, in one line."""
    text = " ".join(exchange.response_body[: 4 * limit].decode("utf-8", "replace").split())
    return text[:limit] + ("..." if len(text) > limit else "") if text else "no body"
