"""openapi-core makes each validator once, and is asked once about headers of many operations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from openapi_core import OpenAPI

from contract_tests.http.exchange import Exchange
from contract_tests.judge import openapi_core
from contract_tests.judge.kept_validators import KeptValidators, kept
from contract_tests.judge.openapi_core import Objection, OpenApiCore
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.judge.test_shapes import documented


def factory_of(validator: Any) -> Any:
    return validator.schema_validators_factory


def test_a_validator_is_made_once_for_each_schema() -> None:
    """Two schemas have two validators, and each of them stays."""
    openapi = kept(CONTRACT.document)
    factory = factory_of(openapi.response_validator)
    assert isinstance(factory, KeptValidators)
    schemas = openapi.spec / "components" / "schemas"
    one, other = list(schemas)[:2]
    assert factory.create(openapi.spec, one) is factory.create(openapi.spec, one)
    assert factory.create(openapi.spec, one) is not factory.create(openapi.spec, other)


def test_requests_and_responses_have_validators_of_their_own() -> None:
    """OpenAPI 3.0 validates read-only properties in responses alone."""
    openapi = kept(CONTRACT.document)
    assert factory_of(openapi.request_validator) is not factory_of(openapi.response_validator)


def test_headers_that_many_operations_declare_are_judged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The headers of a second operation are accepted as those of the first."""
    judge = OpenApiCore(CONTRACT)
    asked: list[OpenAPI] = []
    plain = openapi_core._objections

    def noted(openapi: OpenAPI, exchange: Exchange) -> tuple[Objection, ...] | None:
        asked.append(openapi)
        return plain(openapi, exchange)

    monkeypatch.setattr(openapi_core, "_objections", noted)
    for name in ("get_subscription", "list_payment_methods"):
        assert not judge.objections(documented(name), CONTRACT.operations[name])
    assert asked.count(judge._headers) == 1
    assert asked.count(judge._bodies) == 2


def test_wrong_headers_are_reported_for_each_operation() -> None:
    """What is wrong in one operation is not taken for right in another."""
    judge = OpenApiCore(CONTRACT)
    for name in ("get_subscription", "list_payment_methods", "get_subscription"):
        exchange = documented(name)
        headers = tuple(
            (key, "soon" if key == "X-RateLimit-Reset" else value)
            for key, value in exchange.response_headers
        )
        wrong = replace(exchange, response_headers=headers)
        operation = CONTRACT.operations[name]
        found = judge.objections(wrong, operation)
        assert found
        assert found == OpenApiCore(CONTRACT).objections(wrong, operation)


def test_what_openapi_core_does_not_find_is_not_taken_for_valid() -> None:
    """A response for an unknown path proves nothing about others with the same headers."""
    judge, operation = OpenApiCore(CONTRACT), CONTRACT.operations["get_subscription"]
    exchange = documented("get_subscription")
    wrong = replace(exchange, response_body=b'{"tier": 1}')
    lost = replace(wrong, path="/nowhere", url="http://127.0.0.1:8080/nowhere")
    assert not judge.objections(lost, operation)
    assert judge.objections(wrong, operation)
