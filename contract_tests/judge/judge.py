"""The judge: listens to exchanges, and reports what differs from the contract.

An exchange that is noise, or that the API has not sent, is not judged (``not_judged``). Any other
passes four stages in this order:

1. the request: it is validated (``openapi.request``, and openapi-core: both must accept it);
2. the response: its form (``response``), secrets in it (``secrets``), openapi-core's objections,
   and whether the request was rightly accepted or refused (``admission``);
3. the account: rules of one response, ids of other accounts, and what is known of the account
   (``accounts``, ``tracker``);
4. relations: the account's views are compared with each other (``views``).

Runs, replays and the proxy have this judge in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.exchange import Exchange
from contract_tests.judge import admission, not_judged, secrets
from contract_tests.judge import response as responses
from contract_tests.judge.accounts import Accounts, Contradiction, key_of
from contract_tests.judge.case import Case, Outcome
from contract_tests.judge.openapi_core import OF_NULL, OpenApiCore
from contract_tests.judge.tracker import Tracker
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.openapi.request import RequestJudgement
from contract_tests.openapi.request import judge as judge_request
from contract_tests.openapi.schemas import Schemas, generalised


class Judge:
    """Judges exchanges in the order in which they ended."""

    def __init__(self, contract: Contract, verdicts: Verdicts, knowledge: Knowledge) -> None:
        self.contract = contract
        self.verdicts = verdicts
        self.schemas = Schemas(contract)
        self.judged = 0
        self.accounts = Accounts(contract, self.schemas, knowledge)
        self._scope_header = knowledge.identifiers.scope_header
        self._openapi_core = OpenApiCore(contract)
        self._held: list[tuple[Contradiction, Exchange]] | None = None

    def __call__(self, exchange: Exchange) -> RequestJudgement | None:
        """Judge one exchange. Return the verdict on its request, if it was for an operation."""
        self.judged += 1
        judgement = self._judge(exchange)
        exchange.release()
        return judgement

    def _judge(self, exchange: Exchange) -> RequestJudgement | None:
        if self.contract.is_control(exchange.path):
            self.accounts.observe_control(exchange)
            return None
        case = self.case_of(exchange)
        if not not_judged.is_judged(exchange, case.operation):
            self._take_in(case)
            return None
        for finding in self._response(case):
            self._report(finding)
        for found in self.accounts.observe(case):
            if self._held is None:
                self._report(self._finding(found, exchange))
            else:
                self._held.append((found, exchange))
        return case.request if case.operation is not None else None

    def _take_in(self, case: Case) -> None:
        """Report what a response shows that is not judged. A write may have changed something."""
        for finding in not_judged.findings(case, self.contract, self.schemas):
            self._report(finding)
        if case.outcome is Outcome.UNKNOWN:
            for found in self.accounts.observe(case):
                self._report(self._finding(found, case.exchange))

    @property
    def trackers(self) -> dict[str, Tracker]:
        """What is known of each account."""
        return self.accounts.trackers

    def tracker(self, account: str) -> Tracker:
        """Return what is known of an account."""
        return self.accounts.tracker(account)

    # ---------------------------------------------------------------------------- reading again

    @contextmanager
    def holding(self) -> Iterator[list[tuple[Contradiction, Exchange]]]:
        """Collect the contradictions of the readings within the block instead of reporting them."""
        settles, self.accounts.settles = self.accounts.settles, False
        self._held = []
        try:
            yield self._held
        finally:
            self._held = None
            self.accounts.settles = settles

    def confirm(self, found: Contradiction, exchange: Exchange) -> None:
        """Report a contradiction that was found again."""
        self.accounts.confirmed.add(key_of(found))
        self._report(self._finding(found, exchange))

    # ---------------------------------------------------------------------------------- the request

    def case_of(self, exchange: Exchange) -> Case:
        """Return an exchange with its operation, and what the contract says of its request."""
        matched = self.contract.match(exchange.method, exchange.path)
        if matched is None:
            return Case(exchange, None, {}, RequestJudgement(), exchange.account)
        operation, path_params = matched
        request = judge_request(exchange, operation, path_params, self.schemas)
        if request.is_valid:
            request.is_clear = self._openapi_core.accepts_request(exchange)
        account = self._account(exchange, operation)
        return Case(exchange, operation, path_params, request, account)

    def _account(self, exchange: Exchange, operation: Operation) -> str:
        """Return whose data a response shows: the key's account, or the shared one it names."""
        header = self._scope_header
        takes = any(parameter.node["name"] == header for parameter in operation.parameters)
        scope = exchange.request_header(header) if takes else None
        return f"organization {scope.lower()}" if scope else exchange.account

    # --------------------------------------------------------------------------------- the response

    def _response(self, case: Case) -> Iterator[Finding]:
        """Yield everything that one response shows by itself."""
        exchange, operation = case.exchange, case.operation
        if operation is None:
            allowed = self.contract.methods_of(exchange.path)
            yield from responses.undeclared(exchange, allowed, self.contract)
            yield from secrets.judge(exchange, f"{exchange.method} {exchange.path[:80]}", "#/paths")
            return
        first = list(responses.judge(case, operation, self.contract, self.schemas))
        yield from first
        yield from secrets.judge(exchange, operation.id, operation.place.pointer)
        if exchange.error or exchange.status == 0:
            return
        places = {finding.where for finding in first}
        keys = {finding.key for finding in first}
        for finding in self._openapi_core.findings(exchange, operation):
            # The second judge confirms a finding, or adds a place. It renames none.
            # Whether a null is allowed beside 'allOf' is decided by the first judge.
            is_new = finding.where not in places and not finding.got.startswith(OF_NULL)
            if finding.key in keys or is_new:
                yield finding
        yield from admission.judge(case, operation, self.contract)

    # ------------------------------------------------------------------------------------- findings

    def _finding(self, found: Contradiction, exchange: Exchange) -> Finding:
        violation, operation = found.violation, self.contract.operations.get(found.operation)
        where = violation.where
        if not where.startswith("/response"):
            where = f"/response/body{where}"
        return Finding(
            found.operation,
            violation.kind,
            generalised(where),
            violation.rule,
            violation.provenance,
            violation.expected,
            violation.got,
            operation.place.pointer if operation else "#/paths",
            exchange,
            tuple(step for step in found.tracker.steps if step.number != exchange.number),
            nature=violation.nature,
        )

    def _report(self, finding: Finding) -> None:
        source = finding.exchange.source if finding.exchange else ""
        self.verdicts.add(replace(finding, source=source))
