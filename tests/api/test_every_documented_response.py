"""Every documented status of an operation can be reached, and matches the contract."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver.openapi.contract import JSON, Operation
from mockserver.openapi.schemas import compile_schema
from tests.api.account import Accounts
from tests.api.operations import CONTRACT, OPERATIONS, path_of
from tests.api.scenes import SCENES, Scene, scene_of

DOCUMENTED = [(operation, status) for operation in OPERATIONS for status in operation.statuses]


@pytest.mark.parametrize(
    ("operation", "status"),
    [pytest.param(*pair, id=f"{pair[0].operation_id}-{pair[1]}") for pair in DOCUMENTED],
)
def test_every_documented_response_is_sent(
    accounts: Accounts, operation: Operation, status: int
) -> None:
    """Each documented status has a scene, whose response fits the contract."""
    scene = scene_of(operation, status)
    assert scene is not None, (
        f"Write a scene for {operation.operation_id} {status} in tests/api/scenes.py."
    )
    response = play(accounts, operation, scene)
    assert response.status_code == status, response.text
    documented = CONTRACT.follow(operation.node["responses"][str(status)])
    assert_body_fits(response, documented)
    assert_headers_fit(response, documented)


def test_no_scene_is_left_over() -> None:
    """Every scene of the table is documented."""
    documented = {(operation.operation_id, status) for operation, status in DOCUMENTED}
    assert set(SCENES) <= documented


def play(accounts: Accounts, operation: Operation, scene: Scene) -> httpx.Response:
    client = accounts.without_key if scene.persona is None else accounts(scene.persona).client
    body = scene.body
    if scene.before is not None and scene.persona is not None:
        more = scene.before(accounts(scene.persona))
        body = more if body is None else body
    request: dict[str, Any] = (
        {"content": scene.content} if scene.content is not None else {"json": body}
    )
    if body is None and scene.content is None:
        request = {}
    return client.request(
        operation.method,
        path_of(operation, **scene.path),
        params=scene.query,
        headers=scene.headers,
        **request,
    )


def assert_body_fits(response: httpx.Response, documented: dict[str, Any]) -> None:
    """Check that the body is JSON that fits its schema, without undocumented fields."""
    assert response.headers["content-type"] == JSON
    validator = compile_schema(documented["content"][JSON]["schema"], CONTRACT.schemas, closed=True)
    assert [
        f"{error.instance_path}: {error.message}"
        for error in validator.iter_errors(response.json())
    ] == []


def assert_headers_fit(response: httpx.Response, documented: dict[str, Any]) -> None:
    """Check that required headers are present and all documented headers fit their schemas."""
    for name, reference in documented.get("headers", {}).items():
        header = CONTRACT.follow(reference)
        if name not in response.headers:
            assert not header.get("required"), f"{name} is missing"
            continue
        value: Any = response.headers[name]
        if header["schema"].get("type") == "integer":
            assert value.isdigit(), f"{name}: {value}"
            value = int(value)
        assert compile_schema(header["schema"], CONTRACT.schemas).is_valid(value), (
            f"{name}: {value}"
        )
