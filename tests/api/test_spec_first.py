"""Operations that the contract has and nobody has written yet: served from their examples and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mockserver import app
from mockserver.billing.api.operations import HANDLERS
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract
from tests.api.operations import CONTRACT
from tests.conftest import API, RunningServer, running_server

UNWRITTEN = yaml_file.load(Path(__file__).with_name("unwritten.yaml"))
NOTES = f"{API}/credit-notes"
PREFLIGHT = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PATCH"}


def with_unwritten(path: Path) -> Path:
    """The contract and the operations that nothing serves, as a file."""
    components = CONTRACT.document["components"]
    document = {
        **CONTRACT.document,
        "paths": {**CONTRACT.document["paths"], **UNWRITTEN["paths"]},
        "components": {**components, "schemas": {**components["schemas"], **UNWRITTEN["schemas"]}},
    }
    path.write_text(yaml.dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of the contract with these operations."""
    with running_server(
        spec=with_unwritten(tmp_path_factory.mktemp("spec") / "openapi.yaml")
    ) as running:
        yield running


@pytest.fixture
def caller(grown: RunningServer, key: str) -> Iterator[httpx.Client]:
    with grown.client(key) as client:
        yield client


def problems(response: httpx.Response) -> list[list[Any]]:
    """The places that a 422 complains about."""
    assert response.status_code == 422, response.text
    return [problem["loc"] for problem in response.json()["detail"]]


def test_data_is_made_from_the_schema_and_says_so(
    caller: httpx.Client, grown: RunningServer
) -> None:
    """Valid, marked, with the headers of every answer, and the same for the same request."""
    response = caller.get(NOTES)
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/CreditNote"}}
    validator = grown.contract.validator(schema, closed=True)
    assert not [error.message for error in validator.iter_errors(response.json())]
    assert response.headers["x-mock-source"] == "schema"
    assert response.headers["x-ratelimit-limit"].isdigit()
    assert caller.get(NOTES).content == response.content


def test_an_operation_that_is_written_is_not_marked(caller: httpx.Client) -> None:
    """What has a function is served by it, as ever."""
    assert "x-mock-source" not in caller.get(f"{API}/balance").headers


def test_a_key_is_needed_as_everywhere(grown: RunningServer) -> None:
    """401, whether the new operation documents it or not; an operation that is open to all needs none."""
    with grown.client(None) as stranger:
        assert stranger.get(NOTES).status_code == 401
        assert stranger.post(NOTES, json=[{"amount_cents": 1}]).status_code == 401
        assert stranger.patch(f"{NOTES}/7").status_code == 204


def test_parameters_are_checked_as_everywhere(caller: httpx.Client) -> None:
    """Lists, numbers and path parameters too, though no operation of today has any."""
    assert caller.get(f"{NOTES}?limit=1&reason=gift&reason=error&min=0.5").status_code == 200
    assert problems(caller.get(f"{NOTES}?limit=0")) == [["query", "limit"]]
    assert problems(caller.get(f"{NOTES}?reason=gift&reason=theft")) == [["query", "reason", 1]]
    assert problems(caller.get(f"{NOTES}?reason=gift&reason=gift&reason=gift")) == [
        ["query", "reason"]
    ]
    assert problems(caller.get(f"{NOTES}?min=0.25")) == [["query", "min"]]
    assert problems(caller.get(f"{NOTES}?min=much")) == [["query", "min"]]
    assert problems(caller.get(NOTES, headers={"Idempotency-Key": "x" * 11})) == [
        ["header", "Idempotency-Key"]
    ]
    assert problems(caller.patch(f"{NOTES}/none")) == [["path", "number"]]
    assert problems(caller.patch(f"{NOTES}/0")) == [["path", "number"]]


def test_bodies_are_checked_as_everywhere(caller: httpx.Client) -> None:
    """A body that is a list, and one that is no JSON."""
    assert problems(caller.post(NOTES, json=[])) == [["body"]]
    assert problems(caller.post(NOTES, json=[{"amount_cents": "1"}])) == [
        ["body", 0, "amount_cents"]
    ]
    assert problems(caller.post(NOTES)) == [["body"]]
    assert (
        caller.post(NOTES, content=b"a,b", headers={"Content-Type": "text/csv"}).status_code == 415
    )
    upload = f"{NOTES}/1"
    assert (
        caller.put(upload, content=b"a,b", headers={"Content-Type": "text/csv"}).status_code == 200
    )
    assert caller.put(upload, json={}).status_code == 415


def test_examples_come_first_and_broken_ones_are_left_out(
    caller: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The first example that fits the schema, with the status and the headers that the contract documents."""
    response = caller.post(NOTES, json=[{"amount_cents": 1}])
    assert (response.status_code, response.json()) == (201, {"made": 2})
    assert response.headers["location"] == "/made/1"
    assert "x-optional" not in response.headers
    assert "example 'broken' breaks its schema at /made" in caplog.text


def test_a_broken_example_is_not_sent_even_when_it_is_asked_for(caller: httpx.Client) -> None:
    """The mock cannot send what the contract does not allow."""
    response = caller.post(NOTES, headers={"Prefer": "example=broken"})
    assert response.status_code == 500
    assert "breaks its schema at /made" in response.json()["detail"]


def test_an_answer_without_a_body_has_none(caller: httpx.Client) -> None:
    """204 with neither length nor type."""
    response = caller.patch(f"{NOTES}/7")
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers


def test_text_is_sent_as_text(caller: httpx.Client) -> None:
    """A media type that is not JSON, documented for all good statuses at once."""
    response = caller.get(f"{NOTES}/7")
    assert (response.status_code, response.text) == (200, "1,50.00")
    assert response.headers["content-type"] == "text/csv"


def test_a_default_answer_is_documented_for_every_status(caller: httpx.Client) -> None:
    """``default`` and ``2XX`` count when a caller prefers a status."""
    assert caller.get(f"{NOTES}/7", headers={"Prefer": "code=503"}).status_code == 503
    assert caller.get(f"{NOTES}/7", headers={"Prefer": "code=206"}).text == "1,50.00"


def test_a_schema_that_nothing_fits_is_a_fault_that_says_so(caller: httpx.Client) -> None:
    """A 500 that names the operation and the reason."""
    response = caller.delete(f"{NOTES}/7")
    assert response.status_code == 500
    assert "delete_credit_note" in response.json()["detail"]
    assert "no value fits its schema" in response.json()["detail"]


def test_pages_of_any_origin_may_call_it(caller: httpx.Client) -> None:
    """The preflight knows the method and the header parameters of the new operations."""
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "idempotency-key, x-api-key"}
    assert caller.options(NOTES, headers=asked).status_code == 200


def test_the_requests_are_listed(caller: httpx.Client) -> None:
    """A test sees that a new operation was called, as it sees it of others."""
    caller.patch(f"{NOTES}/7")
    latest = caller.get("/_mock/requests?operation=update_credit_note").json()["requests"][0]
    assert (latest["status"], latest["response_body"]) == (204, None)


def test_every_operation_of_the_contract_is_stateful() -> None:
    """Nothing of the contract as it is today is served from its schema, and no function is left over."""
    assert app.not_yet_stateful(CONTRACT) == []
    assert set(HANDLERS) == set(CONTRACT.operations)


def test_what_is_not_yet_stateful_is_known(grown: RunningServer) -> None:
    """All new operations, and only those."""
    names = [operation.operation_id for operation in app.not_yet_stateful(grown.contract)]
    assert names == [
        operation["operationId"]
        for path in UNWRITTEN["paths"].values()
        for method in ("get", "put", "post", "delete", "patch")
        if (operation := path.get(method))
    ]
    assert isinstance(grown.contract, Contract)
