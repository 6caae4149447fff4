"""The same request to two servers: whether both take it, or refuse it in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract_tests.drift.comparison import PUT_THE_MOCK_RIGHT
from contract_tests.drift.difference import Departs, Difference
from contract_tests.drift.profile import Use
from contract_tests.drift.sequence import Step
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import JSON, Contract, Operation
from contract_tests.openapi.examples import Probe
from contract_tests.openapi.request import RequestJudgement, judge
from contract_tests.openapi.schemas import Schemas
from contract_tests.text import printable, shortened

_BUSY = (429, 502, 503, 504)
"""Statuses that say how a server is just now, not what it does."""
_OF_FORM = (401, 405, 413, 415, 422)
"""Refusals that depend on the request alone. The others depend on what an account has."""


@dataclass(frozen=True)
class Pair:
    """A step, and both answers to it, secrets replaced."""

    step: Step
    mock: Exchange
    staging: Exchange

    @property
    def silence(self) -> str:
        """Why the answers say nothing about each other; empty if they do."""
        for name, exchange in (("mock", self.mock), ("staging", self.staging)):
            if exchange.status == 0 or exchange.error:
                return f"{name}: no whole answer ({exchange.error})"
            if exchange.status in _BUSY:
                return f"{name}: {exchange.status}"
        return ""


class Statuses:
    """Compares the answers to one request."""

    def __init__(self, contract: Contract, schemas: Schemas) -> None:
        self._contract = contract
        self._schemas = schemas
        self.seen: dict[str, set[str]] = {}
        """From where the parameters that were tried are referred to."""

    def compare(self, pair: Pair) -> Iterator[Difference]:
        """What differs in one pair."""
        use = self._subject(pair.step)
        if use is not None:
            self.seen.setdefault(use.target, set()).add(use.own)
        if pair.mock.status != pair.staging.status:
            judgement = self._judgement(pair)
            if _is_told(pair, judgement):
                yield self._status(pair, judgement, use)
        elif pair.mock.status == 422 and 422 in pair.step.operation.responses:
            yield from self._problems(pair)

    def _judgement(self, pair: Pair) -> RequestJudgement:
        matched = self._contract.match(pair.staging.method, pair.staging.path)
        return judge(
            pair.staging, pair.step.operation, matched[1] if matched else {}, self._schemas
        )

    def _status(self, pair: Pair, judgement: RequestJudgement, use: Use | None) -> Difference:
        departs = _departs(pair, judgement)
        made = partial(
            Difference,
            operation=pair.step.operation.id,
            mock=f"answers {pair.mock.status}",
            staging=f"answers {pair.staging.status}",
            departs=departs,
            exchange=pair.mock if departs == "mock" else pair.staging,
        )
        probe = pair.step.probe
        if (
            use is not None
            and probe is not None
            and (pair.mock.status < 400) != (pair.staging.status < 400)
        ):
            spec, keyword = self._bound(pair.step, probe, judgement, use)
            advice = _bound_advice(pair, departs, keyword)
            pointer = f"/request{pair.step.subject}"
            return made(pointer=pointer, keyword=keyword, use=use, spec=spec, suggestion=advice)
        responses = pair.step.operation.place.child("responses")
        is_declared = pair.staging.status in pair.step.operation.responses
        spec = f"{responses}/{pair.staging.status}" if is_declared else responses
        advice = _status_advice(pair, departs, is_declared=is_declared)
        return made(
            pointer="/response/status",
            keyword="status",
            use=Use(spec, spec),
            spec=spec,
            suggestion=advice,
        )

    def _bound(
        self, step: Step, probe: Probe, judgement: RequestJudgement, use: Use
    ) -> tuple[str, str]:
        """The keyword about which the servers differ, when one takes what the other refuses, and where it stands."""
        schema = self._contract.at(
            use.target if probe.location == "body" else f"{use.target}/schema"
        )
        breach = next(
            (breach for breach in judgement.breaches if breach.where == step.subject), None
        )
        keyword = breach.keyword if breach is not None else _near(schema.node, probe)
        return (schema.child(keyword) if keyword in schema.node else schema.pointer), keyword

    def _problems(self, pair: Pair) -> Iterator[Difference]:
        """What the lists of problems of two 422 say: the places, and the words for programs."""
        operation = pair.step.operation
        here, there = _entries(pair.mock), _entries(pair.staging)
        for name in ("loc", "type"):
            mine, yours = _all(here, name), _all(there, name)
            if mine and yours and mine != yours:
                spec = self._problem(operation, name)
                yield Difference(
                    operation=operation.id,
                    pointer=f"/response/422/body/detail/*/{name}",
                    keyword="problem",
                    mock=mine,
                    staging=yours,
                    departs="neither",
                    use=Use(spec, spec),
                    spec=spec,
                    suggestion="show what is said in the examples of this answer, and have the mock say it",
                    exchange=pair.staging,
                )

    def _problem(self, operation: Operation, name: str) -> str:
        """Where the contract says what an entry of a 422 holds."""
        place = operation.responses[422]
        for keys in (
            ("content", JSON, "schema"),
            ("properties", "detail"),
            ("items",),
            ("properties", name),
        ):
            try:
                place = self._contract.at(place.child(*keys))
            except KeyError:
                break
        return place.pointer

    def _subject(self, step: Step) -> Use | None:
        """The parameter or property that a step is about, if the contract has it."""
        operation, probe = step.operation, step.probe
        if probe is None:
            return None
        if probe.location == "body" and operation.body is not None:
            own = operation.body.child("properties", probe.name)
            is_there = probe.name in operation.body.node.get("properties", {})
            return Use(own, self._contract.at(own).pointer) if is_there else None
        for parameter in operation.parameters:
            if (parameter.node["in"], parameter.node["name"]) == (probe.location, probe.name):
                return Use(self._own(operation, parameter.pointer), parameter.pointer)
        return None

    def _own(self, operation: Operation, target: str) -> str:
        """Where an operation names a parameter; what all operations of a path share is named by none."""
        for index in range(len(operation.place.node.get("parameters", []))):
            own = operation.place.child("parameters", str(index))
            if self._contract.at(own).pointer == target:
                return own
        return target


def _is_told(pair: Pair, judgement: RequestJudgement) -> bool:
    """Whether the statuses may be compared: not if they depend on what an account has."""
    statuses = {pair.mock.status, pair.staging.status}
    if pair.mock.method == "HEAD" and 405 in statuses:
        return False  # the contract declares no HEAD, and a server need not have it
    step = pair.step
    if step.operation.is_read or not step.with_key or judgement.breaches:
        return True
    return any(status in _OF_FORM or status not in step.operation.responses for status in statuses)


def _departs(pair: Pair, judgement: RequestJudgement) -> Departs:
    """Whose status is none that the contract has for such a request."""
    mock, staging = (
        _fits(pair.step, judgement, exchange.status) for exchange in (pair.mock, pair.staging)
    )
    return "neither" if mock == staging else "staging" if mock else "mock"


def _fits(step: Step, judgement: RequestJudgement, status: int) -> bool:
    if not step.with_key:
        return status == 401
    if judgement.breaches and judgement.is_clear:
        return status == judgement.refusal
    return status in step.operation.responses and (status not in _OF_FORM or not judgement.is_clear)


def _near(schema: Mapping[str, Any], probe: Probe) -> str:
    """The keyword that must be tighter if a value that fits is refused."""
    value = probe.value
    if probe.is_absence or value is None:
        return "required" if probe.is_absence else "nullable"
    if "enum" in schema:
        return "enum"
    if schema.get("type") == "integer":
        return (
            "maximum" if int(value) > schema.get("default", schema.get("minimum", 0)) else "minimum"
        )
    return (
        "maxLength" if isinstance(value, str) and len(value) == schema.get("maxLength") else "type"
    )


def _bound_advice(pair: Pair, departs: Departs, keyword: str) -> str:
    if departs == "mock":
        return PUT_THE_MOCK_RIGHT
    verb = "takes" if pair.staging.status < 400 else "refuses"
    return f"change `{keyword}`: the real API {verb} {pair.step.words}"


def _status_advice(pair: Pair, departs: Departs, *, is_declared: bool) -> str:
    if departs == "mock":
        return PUT_THE_MOCK_RIGHT
    status, words = pair.staging.status, pair.step.words
    if status >= 500:
        return f"nothing: the real API breaks down on {words}"
    answer = f"the real API answers {status} to {words}"
    return f"{answer}; have the mock do the same" if is_declared else f"add {status}: {answer}"


def _entries(exchange: Exchange) -> list[Any]:
    detail = exchange.object.get("detail")
    return detail if isinstance(detail, list) else []


def _all(entries: list[Any], name: str) -> str:
    """What all entries say under a name."""
    found = {
        json.dumps(entry[name]) for entry in entries if isinstance(entry, dict) and name in entry
    }
    return printable(shortened(", ".join(sorted(found)), 200))
