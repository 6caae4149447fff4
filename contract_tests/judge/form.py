"""The form of responses alone, validated against one contract."""

from __future__ import annotations

import re

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge import response as responses
from contract_tests.judge.case import Case
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.request import judge as judge_request
from contract_tests.openapi.schemas import Schemas

KINDS = frozenset(
    {"undocumented_status", "content_type", "response_schema", "response_header", "unknown_field"}
)
"""The kinds of findings that a change of the contract can end."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FORMATS = {"uuid": lambda text: _UUID.fullmatch(text) is not None}
"""Formats that openapi-core knows, and draft 4 does not."""


class FormJudge:
    """Judges responses one by one, without memory."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schemas = Schemas(contract, _FORMATS)

    def findings(self, exchange: Exchange) -> list[Finding]:
        """Return what is wrong with the status, the headers and the body of a response."""
        matched = self.contract.match(exchange.method, exchange.path)
        if matched is None or exchange.error:
            return []
        operation, path_params = matched
        request = judge_request(exchange, operation, path_params, self.schemas)
        case = Case(exchange, operation, path_params, request, exchange.account)
        found = responses.judge(case, operation, self.contract, self.schemas)
        return [finding for finding in found if finding.kind in KINDS]
