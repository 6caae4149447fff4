"""Operations of the contract without a handler are served from their examples and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mockserver import app, packaged
from mockserver.billing.api.operations import HANDLERS
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract, Operation
from mockserver.settings import Settings
from tests.api.operations import CONTRACT
from tests.conftest import RunningServer, running_server
from tests.invented import INVENTED_PATH, invent_path, invent_schema

UNWRITTEN = yaml_file.load(Path(__file__).with_name("unwritten.yaml"))
PREFLIGHT = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PATCH"}
BALANCE = CONTRACT.operations["get_balance"].path


def with_unwritten(path: Path) -> Path:
    """Write the contract with the operations of ``unwritten.yaml`` to a file."""
    document = CONTRACT.document
    for name, schema in UNWRITTEN["schemas"].items():
        document = invent_schema(document, name, schema)
    for place, item in UNWRITTEN["paths"].items():
        document = invent_path(document, place, item)
    path.write_text(yaml.dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of the extended contract."""
    with running_server(
        spec=with_unwritten(tmp_path_factory.mktemp("spec") / "openapi.yaml")
    ) as running:
        yield running


@pytest.fixture
def caller(grown: RunningServer, key: str) -> Iterator[httpx.Client]:
    with grown.client(key) as client:
        yield client


def not_stateful(spec: Path) -> list[Operation]:
    """Return the operations of a document that are served from examples and schemas."""
    settings = Settings(spec=spec, fixtures=packaged.fixtures())
    return app.build(settings).not_stateful()


def problems(response: httpx.Response) -> list[list[Any]]:
    """Return the locations in a 422."""
    assert response.status_code == 422, response.text
    return [problem["loc"] for problem in response.json()["detail"]]


def test_data_is_generated_from_the_schema_and_marked(
    caller: httpx.Client, grown: RunningServer
) -> None:
    """The body is valid, marked, and equal for equal requests; the usual headers are present."""
    response = caller.get(INVENTED_PATH)
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/InventedThing"}}
    validator = grown.contract.validator(schema, closed=True)
    assert not [error.message for error in validator.iter_errors(response.json())]
    assert response.headers["x-mock-source"] == "schema"
    assert response.headers["x-ratelimit-limit"].isdigit()
    assert caller.get(INVENTED_PATH).content == response.content


def test_an_operation_with_a_handler_is_not_marked(caller: httpx.Client) -> None:
    """An operation with a handler is served by its handler."""
    assert "x-mock-source" not in caller.get(BALANCE).headers


def test_an_api_key_is_required(grown: RunningServer) -> None:
    """401, documented or not; an operation with empty security requires no key."""
    with grown.client(None) as unauthenticated:
        assert unauthenticated.get(INVENTED_PATH).status_code == 401
        assert unauthenticated.post(INVENTED_PATH, json=[{"amount_cents": 1}]).status_code == 401
        assert unauthenticated.patch(f"{INVENTED_PATH}/7").status_code == 204


def test_parameters_are_validated(caller: httpx.Client) -> None:
    """Arrays, numbers and path integers are validated, though the contract has none today."""
    assert (
        caller.get(f"{INVENTED_PATH}?limit=1&reason=gift&reason=error&min=0.5").status_code == 200
    )
    assert problems(caller.get(f"{INVENTED_PATH}?limit=0")) == [["query", "limit"]]
    assert problems(caller.get(f"{INVENTED_PATH}?reason=gift&reason=theft")) == [
        ["query", "reason", 1]
    ]
    assert problems(caller.get(f"{INVENTED_PATH}?reason=gift&reason=gift&reason=gift")) == [
        ["query", "reason"]
    ]
    assert problems(caller.get(f"{INVENTED_PATH}?min=0.25")) == [["query", "min"]]
    assert problems(caller.get(f"{INVENTED_PATH}?min=much")) == [["query", "min"]]
    assert problems(caller.get(INVENTED_PATH, headers={"Idempotency-Key": "x" * 11})) == [
        ["header", "Idempotency-Key"]
    ]
    assert problems(caller.patch(f"{INVENTED_PATH}/none")) == [["path", "number"]]
    assert problems(caller.patch(f"{INVENTED_PATH}/0")) == [["path", "number"]]


def test_bodies_are_validated(caller: httpx.Client) -> None:
    """An array body and a body that is not JSON are validated."""
    assert problems(caller.post(INVENTED_PATH, json=[])) == [["body"]]
    assert problems(caller.post(INVENTED_PATH, json=[{"amount_cents": "1"}])) == [
        ["body", 0, "amount_cents"]
    ]
    assert problems(caller.post(INVENTED_PATH)) == [["body"]]
    assert (
        caller.post(INVENTED_PATH, content=b"a,b", headers={"Content-Type": "text/csv"}).status_code
        == 415
    )
    upload = f"{INVENTED_PATH}/1"
    assert (
        caller.put(upload, content=b"a,b", headers={"Content-Type": "text/csv"}).status_code == 200
    )
    assert caller.put(upload, json={}).status_code == 415


def test_the_first_valid_example_is_sent(caller: httpx.Client) -> None:
    """It is sent with the documented status and headers; invalid examples are skipped."""
    response = caller.post(INVENTED_PATH, json=[{"amount_cents": 1}])
    assert (response.status_code, response.json()) == (201, {"made": 2})
    assert response.headers["location"] == "/made/1"
    assert "x-invented-optional" not in response.headers


def test_an_invalid_example_is_not_sent_even_if_requested(caller: httpx.Client) -> None:
    """The mock never sends a body that violates the contract, and says why."""
    response = caller.post(INVENTED_PATH, headers={"Prefer": "example=broken"})
    assert response.status_code == 400
    assert "breaks its schema at /made" in response.json()["detail"]


def test_a_response_without_content_has_no_body(caller: httpx.Client) -> None:
    """A 204 has neither a length nor a type."""
    response = caller.patch(f"{INVENTED_PATH}/7")
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers


def test_text_is_sent_as_text(caller: httpx.Client) -> None:
    """A media type other than JSON works, documented for all 2XX statuses."""
    response = caller.get(f"{INVENTED_PATH}/7")
    assert (response.status_code, response.text) == (200, "1,50.00")
    assert response.headers["content-type"] == "text/csv"


def test_a_default_response_documents_every_status(caller: httpx.Client) -> None:
    """``Prefer: code=...`` selects ``default`` and ``2XX`` responses."""
    assert caller.get(f"{INVENTED_PATH}/7", headers={"Prefer": "code=503"}).status_code == 503
    assert caller.get(f"{INVENTED_PATH}/7", headers={"Prefer": "code=206"}).text == "1,50.00"


def test_an_unsatisfiable_schema_is_a_500(caller: httpx.Client) -> None:
    """The error names the operation, its place and the reason, and asks for no report."""
    response = caller.delete(f"{INVENTED_PATH}/7")
    assert response.status_code == 500
    detail = response.json()["detail"]
    assert detail.startswith("The document is wrong in delete_invented_thing: no value fits")
    assert "at #/paths/" in detail
    assert "no value meets" in detail
    assert "report" not in detail


def test_pages_of_any_origin_may_call_new_operations(caller: httpx.Client) -> None:
    """The preflight allows the methods and header parameters of new operations."""
    headers = {**PREFLIGHT, "Access-Control-Request-Headers": "idempotency-key, x-api-key"}
    assert caller.options(INVENTED_PATH, headers=headers).status_code == 200


def test_requests_to_new_operations_are_recorded(caller: httpx.Client) -> None:
    """The exchange log lists requests to new operations."""
    caller.patch(f"{INVENTED_PATH}/7")
    latest = caller.get("/_mock/requests?operation=update_invented_thing").json()["requests"][0]
    assert (latest["status"], latest["response_body"]) == (204, None)


def test_every_operation_of_the_contract_has_a_handler() -> None:
    """No operation of the contract is served from its schema, and no handler is unused."""
    assert not_stateful(packaged.spec()) == []
    assert set(HANDLERS) == set(CONTRACT.operations)


def test_operations_without_a_handler_are_reported(grown: RunningServer) -> None:
    """Each invented operation is reported, in the order of the document."""
    reported = [operation.operation_id for operation in not_stateful(grown.contract.path)]
    invented = [
        operation["operationId"]
        for path in UNWRITTEN["paths"].values()
        for method in ("get", "put", "post", "delete", "patch")
        if (operation := path.get(method))
    ]
    assert [name for name in reported if name not in CONTRACT.operations] == invented
    assert isinstance(grown.contract, Contract)
