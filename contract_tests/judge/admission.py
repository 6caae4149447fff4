"""Whether the key and the request were let in or refused as they should be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from contract_tests.findings.finding import Finding
from contract_tests.findings.severity import MINOR, QUESTION
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.judge.case import Case
from contract_tests.judge.response import ALWAYS, excerpt
from contract_tests.openapi.contract import JSON, Contract, Operation, Provenance, escape
from contract_tests.openapi.provenance import weaker
from contract_tests.openapi.request import constraints
from contract_tests.openapi.schemas import Breach, generalised
from contract_tests.openapi.security import API_KEY

_NOT_OF_THE_REQUEST = (401, 403, 404, 429)
"""Refusals that may come before the request is looked at."""
_WITHOUT_PLACE = ("json", "media_type", "size")
"""Breaches that are of the body as a whole."""


def judge(case: Case, operation: Operation, contract: Contract) -> Iterator[Finding]:
    """Yield what is wrong with the decision to accept or refuse a request."""
    if case.is_unauthenticated:
        yield from _unauthenticated(case, operation, contract)
        return
    status, request = case.exchange.status, case.request
    if status == 401 and (operation.secured or operation.carriers):
        yield Finding(
            operation.id,
            "auth",
            _where(operation, contract),
            "known key",
            ALWAYS,
            "the key is accepted",
            "401",
            _security(operation),
            case.exchange,
        )
        return
    if request.is_valid and status in (413, 415, 422):
        yield Finding(
            operation.id,
            "valid_refused",
            f"/request{_first_loc(case.exchange)}",
            str(status),
            _provenance_of_refusal(case, operation, contract),
            "a valid request is not refused for its form",
            f"{status}: {excerpt(case.exchange)}",
            operation.place.pointer,
            case.exchange,
        )
    if request.is_clear and request.breaches and status != 0:
        yield from _on_invalid(case, operation, contract)


def _provenance_of_refusal(case: Case, operation: Operation, contract: Contract) -> Provenance:
    """Return how well founded it is that a valid request is accepted.

    It is as well founded as the constraints of the field that the response names. A request that
    sends nothing breaks no constraint.
    """
    if not case.request.given:
        return "documented"
    named = constraints(contract, operation).get(_first_loc(case.exchange), {})
    grades = [contract.provenance(pointer, keyword) for keyword, pointer in named.items()]
    return reduce(weaker, grades) if grades else "assumed"


def unauthenticated_statuses(operation: Operation) -> tuple[int, ...]:
    """Return the statuses that refuse a request without a known key."""
    declared = tuple(status for status in (401, 403) if status in operation.responses)
    has_default = {"default", "4XX"}.intersection(operation.other_responses)
    return (401, 403) if has_default else declared[:1] or (401, 403)


def _unauthenticated(case: Case, operation: Operation, contract: Contract) -> Iterator[Finding]:
    status = case.exchange.status
    key = "no key" if case.exchange.account == ANYBODY else "a key that is none"
    refused = unauthenticated_statuses(operation)
    expected = " or ".join(map(str, refused))
    where, grade = _where(operation, contract), ALWAYS
    if status >= 400:
        if status in (*refused, 429):
            return
        where, grade = "/response/status", "observed"
        expected += ", before anything else is looked at"
    yield Finding(
        operation.id,
        "auth",
        where,
        key,
        grade,
        expected,
        str(status),
        _security(operation),
        case.exchange,
        nature=QUESTION if status < 400 else MINOR,
    )


def _where(operation: Operation, contract: Contract) -> str:
    """Return the place in a request where an operation expects its key."""
    for carrier in operation.carriers:
        part = "headers" if carrier.location == "header" else carrier.location
        name = carrier.name.lower() if carrier.location == "header" else escape(carrier.name)
        return f"/request/{part}/{name}"
    return (contract.credential or API_KEY).pointer


def _security(operation: Operation) -> str:
    has_own = "security" in operation.place.node
    return operation.place.child("security") if has_own else "#/security"


def _on_invalid(case: Case, operation: Operation, contract: Contract) -> Iterator[Finding]:
    """Yield what is wrong with the response to an invalid request."""
    status, breach = case.exchange.status, case.request.breaches[0]
    where = f"/request{generalised(breach.where)}"
    expected = f"{case.request.refusal}: {breach.message}"[:200]
    if status < 400:
        kind, keyword = "invalid_accepted", breach.keyword
        grade = contract.provenance(breach.via or breach.spec, breach.keyword)
        got = f"{status}, as if it were valid"
    elif status in _NOT_OF_THE_REQUEST or status >= 500:
        return
    elif not case.request.is_refused_by(status, operation):
        kind, keyword = "wrong_refusal", breach.keyword
        grade, got = "assumed", f"{status}: {excerpt(case.exchange)}"
    else:
        unnamed = _unnamed(case, operation, contract)
        if unnamed is None:
            return
        breach, kind, keyword = unnamed, "wrong_refusal", "loc"
        where = f"/request{generalised(breach.where)}"
        expected = f"an entry whose loc is {breach.where}"
        grade, got = "observed", excerpt(case.exchange)
    yield Finding(
        operation.id, kind, where, keyword, grade, expected, got, breach.spec, case.exchange
    )


# ------------------------------------------------------------------------------- lists of problems


def _unnamed(case: Case, operation: Operation, contract: Contract) -> Breach | None:
    """Return the first breach that the response's list of problems does not name."""
    exchange = case.exchange
    is_listed = exchange.status in operation.responses and exchange.response_body_known
    if "detail" not in exchange.object:
        return None  # the body has another shape, which is reported
    if not is_listed or case.request.breaches[0].keyword in _WITHOUT_PLACE:
        return None
    name = _problems(operation, exchange.status, contract)
    if name is None:
        return None
    return next(
        (breach for breach in case.request.breaches if not _is_named(breach, exchange)), None
    )


def _problems(operation: Operation, status: int, contract: Contract) -> str | None:
    """Return the property that lists problems by ``loc``; None if there is none."""
    try:
        schema = contract.at(operation.responses[status].child("content", JSON, "schema"))
        items = contract.at(schema.child("properties", "detail", "items"))
    except KeyError:
        return None
    return "detail" if "loc" in items.node.get("properties", {}) else None


def _first_loc(exchange: Exchange) -> str:
    detail = exchange.object.get("detail")
    first = detail[0] if isinstance(detail, list) and detail else None
    loc = first.get("loc") if isinstance(first, dict) else None
    return generalised("".join(f"/{part}" for part in loc)) if isinstance(loc, list) else ""


def _is_named(breach: Breach, exchange: Exchange) -> bool:
    """Whether a list of problems names the place of what is wrong."""
    detail = exchange.object.get("detail")
    if not isinstance(detail, list):
        return False
    wanted = breach.where.lower().split("/")[1:]
    places = [
        [str(part).lower() for part in problem.get("loc", [])]
        for problem in detail
        if isinstance(problem, dict)
    ]
    return any(
        place[: len(wanted)] == wanted or (wanted[: len(place)] == place and len(place) > 1)
        for place in places
    )
