"""Whether the key and the request were let in or refused as they should be."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.judge import wire
from contract_tests.openapi.contract import Contract, Operation, Provenance
from contract_tests.openapi.request import RequestJudgement
from contract_tests.openapi.schemas import Breach, generalised


def judge(
    exchange: Exchange, operation: Operation, request: RequestJudgement, contract: Contract
) -> Iterator[Finding]:
    """Whether the key and the request were let in or refused as they should be."""

    def finding(
        kind: str,
        where: str,
        keyword: str,
        grade: Provenance,
        expected: str,
        got: str,
        spec: str,
    ) -> Finding:
        return Finding(operation.id, kind, where, keyword, grade, expected, got, spec, exchange)

    status = exchange.status
    security = (
        operation.place.child("security") if "security" in operation.place.node else "#/security"
    )
    if operation.secured and exchange.account in (ANYBODY, UNKNOWN_KEY):
        who = "no key" if exchange.account == ANYBODY else "a key that is none"
        if status < 400:
            yield finding(
                "auth",
                "/request/headers/x-api-key",
                who,
                wire.ALWAYS,
                "401",
                str(status),
                security,
            )
        elif status not in (401, 429):
            yield finding(
                "auth",
                "/response/status",
                who,
                "observed",
                "401, before anything else is looked at",
                str(status),
                security,
            )
        return
    if status == 401:
        yield finding(
            "auth",
            "/request/headers/x-api-key",
            "known key",
            wire.ALWAYS,
            "the key is accepted",
            "401",
            security,
        )
        return
    if request.is_valid and status in (413, 415, 422):
        where = _first_loc(exchange)
        got = f"{status}: {wire.excerpt(exchange)}"
        spec = operation.place.pointer
        yield finding(
            "valid_refused",
            f"/request{where}",
            str(status),
            "documented",
            "a valid request is not refused for its form",
            got,
            spec,
        )
    if request.is_clear and request.breaches and status != 0:
        yield from _on_invalid(exchange, operation, request, contract)


def _on_invalid(
    exchange: Exchange, operation: Operation, request: RequestJudgement, contract: Contract
) -> Iterator[Finding]:
    status, breach = exchange.status, request.breaches[0]
    where = f"/request{generalised(breach.where)}"
    said = f"{request.refusal}: {breach.message}"[:200]
    if status < 400:
        grade = _grade_of_bound(breach, contract)
        got = f"{status}, as if it were valid"
        yield Finding(
            operation.id,
            "invalid_accepted",
            where,
            breach.keyword,
            grade,
            said,
            got,
            breach.spec,
            exchange,
        )
        return
    if status in (401, 403, 404, 429) or status >= 500:
        return
    if status not in (request.refusal, 422):
        got = f"{status}: {wire.excerpt(exchange)}"
        yield Finding(
            operation.id,
            "wrong_refusal",
            where,
            breach.keyword,
            "assumed",
            said,
            got,
            breach.spec,
            exchange,
        )
    elif (
        status == 422
        and exchange.response_body_known
        and breach.keyword not in ("json", "media_type", "size")
    ):
        missing = [each for each in request.breaches if not _is_named(each, exchange)]
        if missing:
            place = missing[0].where
            yield Finding(
                operation.id,
                "wrong_refusal",
                f"/request{generalised(place)}",
                "loc",
                "observed",
                f"an entry whose loc is {place}",
                wire.excerpt(exchange),
                missing[0].spec,
                exchange,
            )


def _grade_of_bound(breach: Breach, contract: Contract) -> Provenance:
    """How well founded a bound of a request is: published are types, names and bounds that a description states."""
    grade = contract.provenance(breach.spec)
    if grade != "documented" or breach.keyword in ("type", "required", "json", "media_type"):
        return grade
    owner = contract.at(breach.spec.rpartition("/")[0]).node
    is_published = "$" in owner.get("description", "") and "x-description-provenance" not in owner
    return "documented" if breach.keyword == "enum" or is_published else "assumed"


def _first_loc(exchange: Exchange) -> str:
    detail = exchange.object.get("detail")
    if (
        isinstance(detail, list)
        and detail
        and isinstance(detail[0], dict)
        and isinstance(detail[0].get("loc"), list)
    ):
        return generalised("".join(f"/{part}" for part in detail[0]["loc"]))
    return ""


def _is_named(breach: Breach, exchange: Exchange) -> bool:
    """Whether a 422 names the place of what is wrong."""
    detail = exchange.object.get("detail")
    if not isinstance(detail, list):
        return False
    wanted = breach.where.lower().split("/")[1:]
    places = [
        [str(part).lower() for part in each.get("loc", [])]
        for each in detail
        if isinstance(each, dict)
    ]
    return any(
        place[: len(wanted)] == wanted or (wanted[: len(place)] == place and len(place) > 1)
        for place in places
    )
