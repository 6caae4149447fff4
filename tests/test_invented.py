"""Invented additions to the contract never replace a part of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.invented import INVENTED, AlreadyInContractError, extended, with_response_header
from tests.spec.contract import SPEC, operations

OPERATION = operations()[0]
SCHEMA = next(iter(SPEC["components"]["schemas"]))
HEADER = next(iter(SPEC["components"]["headers"]))


def item(operation_id: str) -> dict[str, Any]:
    """A path item with one operation."""
    return {"get": {"operationId": operation_id, "responses": {}}}


@pytest.mark.parametrize(
    ("additions", "message"),
    [
        ({"paths": {OPERATION.path: item("get_invented")}}, OPERATION.path),
        ({"paths": {INVENTED: item(OPERATION.id)}}, OPERATION.id),
        ({"components": {"schemas": {SCHEMA: {}}}}, SCHEMA),
        ({"components": {"headers": {HEADER.lower(): {}}}}, HEADER.lower()),
    ],
    ids=["path", "operationId", "schema", "header"],
)
def test_an_existing_name_is_refused(additions: dict[str, Any], message: str) -> None:
    """The error names the part of the contract that would have been replaced."""
    with pytest.raises(AlreadyInContractError, match=message):
        extended(SPEC, **additions)


def test_an_existing_response_header_is_refused() -> None:
    """A header of one response is as real as a shared one."""
    document = extended(SPEC)
    document["paths"][OPERATION.path][OPERATION.method]["responses"]["200"]["headers"][
        "X-Invented-Once"
    ] = {"schema": {"type": "string"}}
    with pytest.raises(AlreadyInContractError, match="x-invented-once"):
        with_response_header(document, "x-invented-once", {"schema": {"type": "string"}})


def test_the_contract_itself_stays_as_it_is() -> None:
    """Additions are made to a copy."""
    document = extended(SPEC, paths={INVENTED: item("get_invented_thing")})
    assert INVENTED in document["paths"]
    assert INVENTED not in SPEC["paths"]
