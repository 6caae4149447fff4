"""Results of Schemathesis' checks: witnesses of the judge's findings, or findings of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from contract_tests.compat import check_of, earlier_of
from contract_tests.context import Run
from contract_tests.drivers.schemathesis_session import JudgedExchange, SessionAdapter
from contract_tests.findings.finding import STATELESS, Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge.not_judged import is_judged
from contract_tests.judge.openapi_core import OpenApiCore
from contract_tests.judge.response import excerpt, is_left_open, is_of_http
from contract_tests.openapi.contract import Provenance
from contract_tests.openapi.request import judge as judge_request
from contract_tests.text import shortened

WITNESS = "schemathesis"


@dataclass(frozen=True)
class Check:
    """One check of Schemathesis, in the kit's words."""

    kind: str
    where: str
    provenance: Provenance = "assumed"
    also: tuple[str, ...] = ()
    """Other kinds under which the judge tells of the same."""


_BREAKDOWNS = ("server_error", "no_response")
"""Kinds that explain whatever else is wrong with a response."""
_BODY = Check(
    "response_schema", "/response/body", also=("unknown_field", "malformed_body", "content_type")
)
CHECKS = {
    "not_a_server_error": Check(
        "server_error", "/response/status", "documented", also=("method", "unknown_path")
    ),
    "status_code_conformance": Check("undocumented_status", "/response/status"),
    "content_type_conformance": Check("content_type", "/response/headers/content-type"),
    "response_headers_conformance": Check("response_header", "/response/headers"),
    "response_schema_conformance": _BODY,
    "negative_data_rejection": Check("invalid_accepted", "/request"),
    "missing_required_header": Check("invalid_accepted", "/request/headers"),
    "positive_data_acceptance": Check("valid_refused", "/request", also=("undocumented_status",)),
    "unsupported_method": Check("method", "/response/status", also=("unknown_path",)),
    "allow_header_conformance": Check("method", "/response/headers/allow"),
    "ignored_auth": Check("auth", "/request/headers/x-api-key", "documented"),
    "object_level_authorization": Check("tenant", "/response", "documented"),
    "use_after_free": Check("state", "/response/status"),
    "ensure_resource_availability": Check("state", "/response/status"),
}


class CheckResults:
    """Receives every failed check by the hook ``filter_failure``, and keeps it from Schemathesis.

    What does not count as a failure is not shrunk, and does not end the tests of an operation.
    """

    def __init__(self, run: Run, adapter: SessionAdapter) -> None:
        self._run = run
        self._adapter = adapter

    def filter_failure(
        self,
        context: Any,  # noqa: ARG002 (the hook's shape)
        failure: Any,
        case: Any,  # noqa: ARG002 (the hook's shape)
        response: Any,
    ) -> bool:
        """Take note of a failure."""
        name = check_of(failure)
        # This check made a request of its own after the one of the response at hand.
        judged = self._adapter.latest if name == "ignored_auth" else response.request.judged
        if not self.is_of_one_key(failure, judged.exchange):
            return False
        self.record(name, f"{failure.title}: {failure.message}", judged)
        return False

    def record(self, name: str, message: str, judged: JudgedExchange) -> None:
        """Report a failed check of an exchange."""
        check = CHECKS.get(name, Check(name, "/response"))
        exchange = judged.exchange
        matched = self._run.contract.match(exchange.method, exchange.path)
        operation = matched[0].id if matched else f"{exchange.method} {exchange.path[:80]}"
        if not is_judged(exchange, matched[0] if matched else None):
            return
        is_of_validity = check.kind in ("invalid_accepted", "valid_refused")
        if is_of_validity and not self._stands(check.kind, exchange):
            return
        if check.kind == "undocumented_status" and self._may_be_undocumented(exchange):
            return
        kinds = (check.kind, *check.also, *_BREAKDOWNS)
        same = [
            finding
            for finding in judged.findings
            if finding.operation == operation and finding.kind in kinds
        ]
        for finding in same:
            self._run.found(replace(finding, witnesses=(WITNESS,)))
        if not same:
            spec = matched[0].place.pointer if matched else "#/paths"
            got = f"{exchange.status}: {excerpt(exchange)}"
            # Half of a secret would not be recognised.
            expected = shortened(self._run.keyring.text(message), 240)
            key = (operation, check.kind, check.where, name)
            tracker = self._run.judge.tracker(exchange.account)
            changes = () if check.kind in STATELESS else tracker.steps
            steps = tuple(step for step in changes if step is not exchange)
            finding = Finding(*key, check.provenance, expected, got, spec, exchange, steps)
            self._run.found(replace(finding, witnesses=(WITNESS,)))

    def _may_be_undocumented(self, exchange: Exchange) -> bool:
        """Return whether the judge accepts a status that the contract does not have."""
        case = self._run.judge.case_of(exchange)
        return case.operation is not None and (
            is_of_http(case, case.operation)
            or is_left_open(exchange, case.operation, self._run.contract)
        )

    def is_of_one_key(self, failure: Any, exchange: Exchange) -> bool:
        """Return whether two requests carry their key alike, so that they are of one account."""
        contract = self._run.contract
        matched, label = contract.match(exchange.method, exchange.path), earlier_of(failure)
        earlier = [
            operation.carriers
            for operation in contract.operations.values()
            if f"{operation.method} {operation.path.removeprefix(contract.base_path)}" == label
        ]
        return matched is None or not earlier or earlier[0] == matched[0].carriers

    @cached_property
    def _second(self) -> OpenApiCore:
        return OpenApiCore(self._run.contract)

    def _stands(self, kind: str, exchange: Exchange) -> bool:
        """Return whether both judges agree that the request is valid, or invalid."""
        matched = self._run.contract.match(exchange.method, exchange.path)
        if matched is None:
            return False
        request = judge_request(exchange, *matched, self._run.judge.schemas)
        if kind == "valid_refused":
            return request.is_valid and self._second.accepts_request(exchange)
        return (
            request.is_clear
            and bool(request.breaches)
            and not self._second.accepts_request(exchange)
        )
