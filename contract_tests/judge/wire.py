"""Status, headers and body of one answer, held against the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange, NotJson, header
from contract_tests.openapi.contract import JSON, Contract, Operation, Place, Provenance, escape
from contract_tests.openapi.schemas import Breach, Schemas, generalised

ALWAYS: Provenance = "documented"
"""The grade of what no client of the published operations could live with: crashes, no JSON, strangers let in."""

_BOUNDS = frozenset(
    {
        "pattern",
        "format",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "anyOf",
    }
)
"""Of answers the page states names and types and nothing else, so what these keywords say is assumed at best."""


def judge(
    exchange: Exchange, operation: Operation, contract: Contract, schemas: Schemas
) -> Iterator[Finding]:
    """Everything that is wrong with the form of an answer."""
    name, place = operation.id, operation.place

    def finding(
        kind: str, where: str, keyword: str, grade: Provenance, expected: str, got: str, spec: str
    ) -> Finding:
        return Finding(name, kind, where, keyword, grade, expected, got, spec, exchange)

    if exchange.error:
        yield finding(
            "no_answer",
            "/response",
            "broken",
            ALWAYS,
            "a whole answer",
            exchange.error,
            place.pointer,
        )
        return
    status = exchange.status
    if status == 0:
        return
    responses = place.child("responses")
    if status >= 500:
        got = f"{status}: {excerpt(exchange)}"
        yield finding(
            "server_error", "/response/status", "5xx", ALWAYS, "no server error", got, responses
        )
        return
    response = operation.responses.get(status)
    if response is None:
        grade: Provenance = ALWAYS if status < 400 else "assumed"
        known = ", ".join(str(each) for each in operation.responses)
        got = f"{status}: {excerpt(exchange)}"
        yield finding(
            "undocumented_status",
            "/response/status",
            str(status),
            grade,
            f"one of {known}",
            got,
            responses,
        )
        return
    for where, keyword, expected, got, spec in _headers(exchange, response, schemas):
        yield finding(
            "response_header", where, keyword, contract.provenance(spec), expected, got, spec
        )
    if exchange.method == "HEAD" or "content" not in response.node:
        return
    if exchange.media_type != JSON:
        got = f"Content-Type: {exchange.response_header('content-type') or 'none'}"
        spec = response.child("content")
        yield finding(
            "content_type", "/response/headers/content-type", "content", ALWAYS, JSON, got, spec
        )
    if exchange.response_body_known:
        yield from _body(exchange, operation, response, contract, schemas)


def _body(
    exchange: Exchange, operation: Operation, response: Place, contract: Contract, schemas: Schemas
) -> Iterator[Finding]:
    try:
        answer = exchange.answer
    except NotJson as error:
        got = f"a body that {error}: {excerpt(exchange)}"
        spec = response.child("content", JSON)
        yield Finding(
            operation.id,
            "malformed_body",
            "/response/body",
            "json",
            ALWAYS,
            "JSON",
            got,
            spec,
            exchange,
        )
        return
    for breach in schemas.breaches(response.child("content", JSON, "schema"), answer):
        yield of_breach(breach, exchange, operation, contract)


def of_breach(
    breach: Breach, exchange: Exchange, operation: Operation, contract: Contract
) -> Finding:
    """A breach of the answer's schema as a finding."""
    grade = contract.provenance(breach.spec)
    if breach.keyword in _BOUNDS and grade == "documented":
        grade = "assumed"
    return Finding(
        operation.id,
        "unknown_field" if breach.keyword == "unknown_field" else "response_schema",
        f"/response/{exchange.status}/body{generalised(breach.where)}",
        breach.keyword,
        grade,
        expectation(breach, contract),
        shown(breach.value) if breach.keyword != "required" else "nothing",
        breach.spec,
        exchange,
    )


def expectation(breach: Breach, contract: Contract) -> str:
    """What a keyword asks for, in words."""
    if breach.keyword == "unknown_field":
        return "no field that the contract does not name"
    if breach.keyword == "required":
        return f"'{breach.where.rsplit('/', 1)[1]}', which is required"
    try:
        return f"{breach.keyword}: {shown(contract.at(breach.spec).node, 120)}"
    except (KeyError, TypeError, ValueError):
        return breach.message[:160]


def stranger(exchange: Exchange, allowed: list[str]) -> Iterator[Finding]:
    """What is wrong with the answer to a request that is for no operation: an unknown path, a method it has not."""
    where = f"{exchange.method} {exchange.path[:80]}"
    kind = "method" if allowed else "unknown_path"

    def finding(part: str, keyword: str, grade: Provenance, expected: str, got: str) -> Finding:
        return Finding(where, kind, part, keyword, grade, expected, got, "#/paths", exchange)

    if exchange.error:
        yield finding("/response", "broken", ALWAYS, "a whole answer", exchange.error)
    elif exchange.status >= 500:
        got = f"{exchange.status}: {excerpt(exchange)}"
        yield finding("/response/status", "5xx", ALWAYS, "no server error", got)
    elif exchange.method == "OPTIONS" or exchange.status == 0:
        return
    elif exchange.status < 400:
        expected = f"405, with Allow: {', '.join(allowed)}" if allowed else "404"
        yield finding(
            "/response/status",
            "accepted",
            ALWAYS,
            expected,
            f"{exchange.status}: {excerpt(exchange)}",
        )
    elif exchange.status != (405 if allowed else 404):
        yield finding(
            "/response/status",
            "status",
            "assumed",
            "405" if allowed else "404",
            str(exchange.status),
        )
    else:
        yield from _refusal(exchange, allowed, finding)


def _refusal(exchange: Exchange, allowed: list[str], finding: Any) -> Iterator[Finding]:
    named = {
        each.strip().upper()
        for each in (exchange.response_header("allow") or "").split(",")
        if each.strip()
    }
    if allowed and exchange.response_header("allow") is None:
        yield finding(
            "/response/headers/allow",
            "required",
            "assumed",
            f"Allow: {', '.join(allowed)}",
            "no Allow",
        )
    elif allowed and named - {"HEAD", "OPTIONS"} != set(allowed):
        got = f"Allow: {', '.join(sorted(named))}"
        yield finding(
            "/response/headers/allow", "allow", "assumed", f"Allow: {', '.join(allowed)}", got
        )
    if (
        exchange.method != "HEAD"
        and exchange.response_body_known
        and not isinstance(exchange.object.get("detail"), str)
    ):
        expected = '{"detail": "..."}, as every error'
        yield finding("/response/body", "envelope", "observed", expected, excerpt(exchange))


def shown(value: Any, limit: int = 200) -> str:
    """A value as JSON, shortened."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]}..."


def excerpt(exchange: Exchange, limit: int = 160) -> str:
    """The beginning of an answer, in one line."""
    text = " ".join(exchange.response_body[: 4 * limit].decode("utf-8", "replace").split())
    return text[:limit] + ("..." if len(text) > limit else "") if text else "no body"


def _headers(
    exchange: Exchange, response: Place, schemas: Schemas
) -> Iterator[tuple[str, str, str, str, str]]:
    """Place, keyword, expectation, what came and the contract's place, of each header that is not as documented."""
    for name in response.node.get("headers", {}):
        documented = schemas.place(response.child("headers", name))
        where = f"/response/{exchange.status}/headers/{escape(name.lower())}"
        text = header(exchange.response_headers, name)
        if text is None:
            if documented.node.get("required"):
                yield where, "required", f"the header {name}", "none", documented.pointer
            continue
        pointer = documented.child("schema")
        value: Any = text
        if schemas.node(pointer).get("type") == "integer" and text.lstrip("-").isdigit():
            value = int(text)
        for breach in schemas.breaches(pointer, value):
            yield (
                where,
                breach.keyword,
                f"{name}: {breach.message}"[:160],
                f"{name}: {text}",
                breach.spec,
            )
