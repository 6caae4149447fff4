"""The judge: listens to exchanges, whoever makes them, and says what is not as the contract says.

An exchange is held against the contract by two judges that know nothing of each other (``wire`` with ``schemas``, and
openapi-core), against what must be true of one answer (``facts``), against what is known of the account (``tracker``)
and against the account's other views (``relations``). Runs, replays and the proxy have this judge in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import UNKNOWN_KEY
from contract_tests.judge import admission, effects, refusals, relations, secrets, tenants, wire
from contract_tests.judge.answer import Answer, Fault
from contract_tests.judge.facts import faults
from contract_tests.judge.second import SecondJudge
from contract_tests.judge.tracker import Tracker
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.openapi.request import RequestJudgement
from contract_tests.openapi.request import judge as judge_request
from contract_tests.openapi.schemas import Schemas, generalised

ORGANIZATION = "X-Organization-Id"
CONTROL = "/_mock"


class Judge:
    """Judges exchanges in the order in which they ended."""

    def __init__(self, contract: Contract, verdicts: Verdicts, *, second: bool = True) -> None:
        self.contract = contract
        self.verdicts = verdicts
        self.schemas = Schemas(contract)
        self.judged = 0
        self.trackers: dict[str, Tracker] = {}
        self._second = SecondJudge(contract) if second else None
        self._tenants = tenants.Tenants()

    def __call__(self, exchange: Exchange) -> RequestJudgement | None:
        """Judge one exchange: what was said of its request, if it was for an operation."""
        self.judged += 1
        if exchange.path == CONTROL or exchange.path.startswith(f"{CONTROL}/"):
            self._hear_control(exchange)
            return None
        matched = self.contract.match(exchange.method, exchange.path)
        if matched is None:
            self._stranger(exchange)
            return None
        operation, path_params = matched
        request = judge_request(exchange, operation, path_params, self.schemas)
        if self._second is not None and request.is_valid:
            request.is_clear = self._second.accepts_request(exchange)
        for finding in wire.judge(exchange, operation, self.contract, self.schemas):
            self._tell(finding)
        for finding in secrets.judge(exchange, operation.id, operation.place.pointer):
            self._tell(finding)
        if exchange.error or exchange.status == 0:
            self._unknown_outcome(exchange, operation)
            return request
        self._hear_second(exchange, operation)
        for finding in admission.judge(exchange, operation, request, self.contract):
            self._tell(finding)
        self._hear(exchange, operation, path_params, request)
        return request

    def tracker(self, account: str) -> Tracker:
        """What is known of an account."""
        return self.trackers.setdefault(account, Tracker(account))

    # --------------------------------------------------------------------------------------- by the contract

    def _stranger(self, exchange: Exchange) -> None:
        allowed = self.contract.methods_of(exchange.path)
        for finding in wire.stranger(exchange, allowed):
            self._tell(finding)
        for finding in secrets.judge(
            exchange, f"{exchange.method} {exchange.path[:80]}", "#/paths"
        ):
            self._tell(finding)
        if exchange.status < 400 and exchange.method not in ("GET", "HEAD", "OPTIONS"):
            self.tracker(exchange.account).note_change(exchange, None)

    def _hear_second(self, exchange: Exchange, operation: Operation) -> None:
        if (
            self._second is None
            or exchange.status not in operation.responses
            or exchange.method == "HEAD"
        ):
            return
        response = operation.responses[exchange.status]
        for each in self._second.objections(exchange, operation):
            if each.kind != "response_header" and not exchange.response_body_known:
                continue
            key = (operation.id, each.kind, each.where, each.keyword)
            finding = Finding(
                *key,
                "assumed",
                "what the contract says",
                each.message,
                response.pointer,
                exchange,
                witnesses=("openapi-core",),
            )
            self._tell(finding)

    # ------------------------------------------------------------------------------------------ by what is known

    def _hear(
        self,
        exchange: Exchange,
        operation: Operation,
        path_params: dict[str, str],
        request: RequestJudgement,
    ) -> None:
        if exchange.account in (ANYBODY, UNKNOWN_KEY) and operation.secured:
            if exchange.status < 400 and not operation.is_read:
                for tracker in self.trackers.values():
                    tracker.note_change(exchange, None)
            return
        account = _account(exchange, operation)
        tracker = self.tracker(account)
        params = self._params(exchange, operation, path_params)
        answer = Answer(exchange, operation, exchange.object, params)
        if exchange.method == "HEAD":
            return
        if exchange.status >= 500:
            self._unknown_outcome(exchange, operation)
        elif exchange.status >= 400:
            if not operation.is_read:
                tracker.steps.append(exchange)
            if exchange.status in (401, 403, 413, 415, 422, 429):
                return
            self._tell_faults(
                tracker, operation.id, exchange, _guarded(refusals.faults(tracker, answer))
            )
        elif isinstance(answer.body, dict) and answer.body and not request.breaches:
            self._hear_success(tracker, answer)
        elif not operation.is_read:
            tracker.note_change(exchange, None)

    def _hear_success(self, tracker: Tracker, answer: Answer) -> None:
        operation, exchange = answer.operation.id, answer.exchange
        self._tell_faults(tracker, operation, exchange, faults(answer))
        if not answer.operation.is_read:
            self._tell_faults(
                tracker, operation, exchange, _guarded(refusals.faults(tracker, answer))
            )
        self._tell_faults(
            tracker, operation, exchange, self._tenants.faults(tracker.account, answer)
        )
        self._tell_faults(tracker, operation, exchange, _guarded(tracker.hear(answer)))
        own = self.tracker(exchange.account)
        self._tell_faults(own, operation, exchange, own.balance_in_header(exchange))
        for other, fault in relations.faults(tracker, operation):
            self._tell_faults(tracker, other, exchange, iter([fault]))

    def _hear_control(self, exchange: Exchange) -> None:
        """The mock's control API: what it changes is no contradiction."""
        if exchange.status >= 400 or exchange.method in ("GET", "HEAD"):
            return
        if _fits(exchange.path, effects.FORGETS) or exchange.path.startswith("/_mock/snapshots/"):
            for tracker in list(self.trackers.values()):
                if exchange.account in (ANYBODY, tracker.account):
                    tracker.forget()
        elif exchange.path in effects.PASSES_TIME:
            for tracker in self.trackers.values():
                tracker.note_change(exchange, None)
        else:
            for pattern, names in effects.CONTROL.items():
                if _fits(exchange.path, (pattern,)):
                    tracker = self.tracker(exchange.account)
                    tracker.note_change(exchange, names)
                    tracker.forget_views(names)

    def _unknown_outcome(self, exchange: Exchange, operation: Operation) -> None:
        """A change may have been made or not."""
        if not operation.is_read:
            self.tracker(_account(exchange, operation)).note_change(exchange, None)

    def _params(
        self, exchange: Exchange, operation: Operation, path_params: dict[str, str]
    ) -> dict[str, Any]:
        """The parameters by name, as values, with the contract's defaults."""
        params: dict[str, Any] = dict(path_params)
        query = dict(exchange.query)
        for parameter in operation.parameters:
            name = parameter.node["name"]
            schema = self.schemas.node(parameter.child("schema"))
            if parameter.node["in"] == "query":
                text = query.get(name)
                is_number = (
                    schema.get("type") == "integer"
                    and text is not None
                    and text.lstrip("-").isdigit()
                )
                value = int(text) if is_number and text else text
                params[name] = schema.get("default") if text is None else value
        return params

    def _tell_faults(
        self, tracker: Tracker, operation: str, exchange: Exchange, found: Iterator[Fault]
    ) -> None:
        for fault in found:
            where = (
                fault.where
                if fault.where.startswith("/response")
                else f"/response/body{fault.where}"
            )
            steps = tuple(step for step in tracker.steps if step.number != exchange.number)
            self._tell(
                Finding(
                    operation,
                    fault.kind,
                    generalised(where),
                    fault.rule,
                    fault.provenance,
                    fault.expected,
                    fault.got,
                    self._spec_of(operation),
                    exchange,
                    steps,
                )
            )

    def _spec_of(self, operation: str) -> str:
        known = self.contract.operations.get(operation)
        return known.place.pointer if known else "#/paths"

    def _tell(self, finding: Finding) -> None:
        self.verdicts.add(
            replace(finding, source=finding.exchange.source if finding.exchange else "")
        )


def _account(exchange: Exchange, operation: Operation) -> str:
    """Whose data an answer shows: the key's account, or the organization's that was asked for."""
    takes = any(each.node["name"] == ORGANIZATION for each in operation.parameters)
    organization = exchange.request_header(ORGANIZATION) if takes else None
    return f"organization {organization.lower()}" if organization else exchange.account


def _guarded(found: Iterator[Fault]) -> Iterator[Fault]:
    """Faults, as long as bodies have the shape that the rules speak of; what has not, the schema speaks of."""
    try:
        yield from found
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, RuntimeError):
        return


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    parts = path.split("/")
    return any(
        len(parts) == len(wanted)
        and all(want in ("*", part) for want, part in zip(wanted, parts, strict=True))
        for wanted in (pattern.split("/") for pattern in patterns)
    )
