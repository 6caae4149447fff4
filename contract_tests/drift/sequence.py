"""The requests to both servers, which depend on the contract and a seed only."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract_tests.drivers.auth import WRONG_KEYS
from contract_tests.http.exchange import Request
from contract_tests.openapi import examples
from contract_tests.openapi.contract import JSON, Contract, Operation, escape
from contract_tests.openapi.examples import Probe
from contract_tests.openapi.schemas import Schemas
from contract_tests.text import shortened

_SIZES = ("limit", "per_page")
"""Parameters for the size of a page."""
_COMBINATIONS = 2
"""How many requests set all numbers of an operation at once."""


@dataclass(frozen=True)
class Step:
    """One request to both servers."""

    operation: Operation
    request: Request
    """Has a path template: values of path parameters differ between the servers."""
    probe: Probe | None = None
    """The parameter or property that it varies."""
    with_key: bool = True

    @property
    def subject(self) -> str:
        """The place in the request that is varied: ``/query/limit``; empty if none."""
        return f"/{self.probe.location}/{escape(self.probe.name)}" if self.probe is not None else ""

    @property
    def words(self) -> str:
        """The variation in words."""
        if not self.with_key:
            return "a request without a valid key"
        if self.probe is None:
            return "a HEAD" if self.request.method == "HEAD" else "this request"
        name, value = self.probe.name, self.probe.value
        return f"no {name}" if self.probe.is_absence else f"{name}={shortened(str(value), 60)}"


def sequence(
    contract: Contract, schemas: Schemas, operations: Iterable[Operation], seed: int
) -> Iterator[Step]:
    """Yield all steps, beginning with valid requests to every operation."""
    seeded = random.Random(seed)  # noqa: S311 (a seed must repeat its requests)
    chosen = list(operations)
    for operation in chosen:
        yield from _valid(contract, operation)
    for operation in chosen:
        yield from _unauthenticated(contract, operation)
        yield from _probes(contract, schemas, operation, seeded)


def large_pages(operation: Operation) -> Request:
    """Return a request for the largest page of an operation."""
    return Request(
        operation.method, operation.path, [(name, str(high)) for name, high in _largest(operation)]
    )


def _valid(contract: Contract, operation: Operation) -> Iterator[Step]:
    yield Step(operation, _plain(contract, operation))
    if operation.method == "GET":
        yield Step(operation, Request("HEAD", operation.path))
        if _largest(operation):
            yield Step(operation, large_pages(operation))
        for name, values in _filters(contract, operation):
            for value in values:
                request = large_pages(operation)
                request.query.append((name, value))
                yield Step(operation, request, Probe("query", name, value))


def _unauthenticated(contract: Contract, operation: Operation) -> Iterator[Step]:
    credential = contract.credential
    if credential is None or not operation.secured:
        return
    for headers in ({}, {credential.header: credential.value(WRONG_KEYS[0])}):
        request = _plain(contract, operation)
        request.headers.update(headers)
        yield Step(operation, request, with_key=False)


def _probes(
    contract: Contract, schemas: Schemas, operation: Operation, seeded: random.Random
) -> Iterator[Step]:
    base = _example(contract, operation)
    probes = [*examples.probes(operation, schemas), *_random_probes(contract, operation, seeded)]
    probes.append(Probe("query", "kit_unknown_parameter", "ignored"))
    for probe in probes:
        request = examples.request(operation, base, {}, probe)
        if request is not None:
            yield Step(operation, request, probe)
    if operation.body is not None:
        for request in examples.broken_bodies(operation, base, {}):
            yield Step(operation, request)
    numbers = _numbers(contract, operation)
    for _ in range(_COMBINATIONS if len(numbers) > 1 else 0):
        query = [(name, str(seeded.randint(low, high))) for name, low, high in numbers]
        yield Step(operation, Request(operation.method, operation.path, query))


def _random_probes(
    contract: Contract, operation: Operation, seeded: random.Random
) -> Iterator[Probe]:
    """Yield a valid and an invalid value of every number, and an unknown organization."""
    for name, low, high in _numbers(contract, operation):
        yield Probe("query", name, seeded.randint(low, high))
        yield Probe("query", name, seeded.randint(high + 1, high * 9 + 9))
    for parameter in operation.parameters:
        if (
            parameter.node["in"] == "header"
            and contract.at(parameter.child("schema")).node.get("format") == "uuid"
        ):
            yield Probe(
                "header", parameter.node["name"], str(UUID(int=seeded.getrandbits(128), version=4))
            )


def _plain(contract: Contract, operation: Operation) -> Request:
    request = examples.request(operation, _example(contract, operation), {}, None)
    return request or Request(operation.method, operation.path)


def _example(contract: Contract, operation: Operation) -> dict[str, Any]:
    """Return a valid body that enables nothing, as that might cost money."""
    example = examples.example(contract, operation)
    return {name: False if name == "enabled" else value for name, value in example.items()}


def _numbers(contract: Contract, operation: Operation) -> list[tuple[str, int, int]]:
    """Return the bounded numbers of the query: name, minimum and maximum."""
    found = []
    for parameter in operation.parameters:
        schema = contract.at(parameter.child("schema")).node
        if parameter.node["in"] == "query" and {"minimum", "maximum"} <= schema.keys():
            found.append((parameter.node["name"], int(schema["minimum"]), int(schema["maximum"])))
    return found


def _largest(operation: Operation) -> list[tuple[str, int]]:
    found = []
    for parameter in operation.parameters:
        high = parameter.node.get("schema", {}).get("maximum")
        if parameter.node["name"] in _SIZES and high is not None:
            found.append((str(parameter.node["name"]), int(high)))
    return found


def _filters(contract: Contract, operation: Operation) -> Iterator[tuple[str, list[str]]]:
    """Yield parameters that filter, with their values.

    They are named like a property of the response that has an enum.
    """
    for parameter in operation.parameters:
        name = parameter.node["name"]
        if parameter.node["in"] == "query" and 200 in operation.responses:
            schema = operation.responses[200].child("content", JSON, "schema")
            yield from ((name, values) for values in _enums(contract, schema, name))


def _enums(contract: Contract, pointer: str, name: str) -> Iterator[list[str]]:
    place = contract.at(pointer)
    if "items" in place.node:
        yield from _enums(contract, place.child("items"), name)
    for property in place.node.get("properties", {}):
        child: dict[str, Any] = contract.at(place.child("properties", property)).node
        if property == name and "enum" in child:
            yield [value for value in child["enum"] if isinstance(value, str)]
        else:
            yield from _enums(contract, place.child("properties", property), name)
