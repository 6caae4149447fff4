"""Compares whether two servers accept the same request, or refuse it in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract_tests.drift.comparison import FIX_THE_MOCK
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
"""Statuses that depend on the current load of a server."""
_OF_FORM = (401, 405, 413, 415, 422)
"""Refusals that depend on the request alone. The others depend on the account, too."""


@dataclass(frozen=True)
class Pair:
    """A step and its two exchanges, without secrets."""

    step: Step
    mock: Exchange
    staging: Exchange

    @property
    def obstacle(self) -> str:
        """Why the responses cannot be compared; empty if they can."""
        for name, exchange in (("mock", self.mock), ("staging", self.staging)):
            if exchange.status == 0 or exchange.error:
                return f"{name}: no complete response ({exchange.error})"
            if exchange.status in _BUSY:
                return f"{name}: {exchange.status}"
        return ""


class Statuses:
    """Compares the responses to the same request."""

    def __init__(self, contract: Contract, schemas: Schemas) -> None:
        self._contract = contract
        self._schemas = schemas
        self.seen: dict[str, set[str]] = {}
        """For every tested parameter, the places that refer to it."""

    def compare(self, pair: Pair) -> Iterator[Difference]:
        """Yield the differences of a pair."""
        use = self._subject(pair.step)
        if use is not None:
            self.seen.setdefault(use.target, set()).add(use.own)
        if pair.mock.status != pair.staging.status:
            judgement = self._judgement(pair)
            if _is_comparable(pair, judgement):
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
        difference = partial(
            Difference,
            operation=pair.step.operation.id,
            mock=f"returns {pair.mock.status}",
            staging=f"returns {pair.staging.status}",
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
            return difference(
                pointer=pointer, keyword=keyword, use=use, spec=spec, suggestion=advice
            )
        responses = pair.step.operation.place.child("responses")
        is_declared = pair.staging.status in pair.step.operation.responses
        spec = f"{responses}/{pair.staging.status}" if is_declared else responses
        advice = _status_advice(pair, departs, is_declared=is_declared)
        return difference(
            pointer="/response/status",
            keyword="status",
            use=Use(spec, spec),
            spec=spec,
            suggestion=advice,
        )

    def _bound(
        self, step: Step, probe: Probe, judgement: RequestJudgement, use: Use
    ) -> tuple[str, str]:
        """Return the pointer and the name of the keyword that only one server enforces."""
        schema = self._contract.at(
            use.target if probe.location == "body" else f"{use.target}/schema"
        )
        breach = next(
            (breach for breach in judgement.breaches if breach.where == step.subject), None
        )
        keyword = breach.keyword if breach is not None else _near(schema.node, probe)
        return (schema.child(keyword) if keyword in schema.node else schema.pointer), keyword

    def _problems(self, pair: Pair) -> Iterator[Difference]:
        """Yield differences in the ``loc`` and ``type`` of the problems of two 422 responses."""
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
                    suggestion="show the real value in the examples of this response, "
                    "and change the mock accordingly",
                    exchange=pair.staging,
                )

    def _problem(self, operation: Operation, name: str) -> str:
        """Return the pointer to the schema of a problem's property."""
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
        """Return the declared parameter or property that a step varies; None if there is none."""
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
        """Return the pointer by which an operation refers to a parameter.

        It is the target itself for a parameter that all operations of the path share.
        """
        for index in range(len(operation.place.node.get("parameters", []))):
            own = operation.place.child("parameters", str(index))
            if self._contract.at(own).pointer == target:
                return own
        return target


def _is_comparable(pair: Pair, judgement: RequestJudgement) -> bool:
    """Return whether the statuses may be compared, as they do not depend on the account."""
    statuses = {pair.mock.status, pair.staging.status}
    if pair.mock.method == "HEAD" and 405 in statuses:
        return False  # the contract declares no HEAD, and a server need not have it
    step = pair.step
    if step.operation.is_read or not step.with_key or judgement.breaches:
        return True
    return any(status in _OF_FORM or status not in step.operation.responses for status in statuses)


def _departs(pair: Pair, judgement: RequestJudgement) -> Departs:
    """Return the server whose status the contract does not allow for the request."""
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
    """Return the keyword to tighten when a valid value is refused."""
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
        return FIX_THE_MOCK
    verb = "accepts" if pair.staging.status < 400 else "refuses"
    return f"change `{keyword}`: the real API {verb} {pair.step.words}"


def _status_advice(pair: Pair, departs: Departs, *, is_declared: bool) -> str:
    if departs == "mock":
        return FIX_THE_MOCK
    status, words = pair.staging.status, pair.step.words
    if status >= 500:
        return f"nothing: the real API fails on {words}"
    fact = f"the real API returns {status} for {words}"
    return f"{fact}; make the mock do the same" if is_declared else f"add {status}: {fact}"


def _entries(exchange: Exchange) -> list[Any]:
    detail = exchange.object.get("detail")
    return detail if isinstance(detail, list) else []


def _all(entries: list[Any], name: str) -> str:
    """Return all values of a property of the entries, in one text."""
    found = {
        json.dumps(entry[name]) for entry in entries if isinstance(entry, dict) and name in entry
    }
    return printable(shortened(", ".join(sorted(found)), 200))
