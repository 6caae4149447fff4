"""Names that tests invent are recognizable and never those of a part of the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.invented import INVENTED_PATH, Json, invent_header, invent_path, invent_schema
from tests.spec.contract import SPEC, operations

OPERATION = operations()[0]
SCHEMA = next(iter(SPEC["components"]["schemas"]))
HEADER = next(iter(SPEC["components"]["headers"]))
PARAMETER = next(p["name"] for o in operations() for p in o.parameters if p["in"] == "header")


def item(operation_id: str) -> Json:
    """Return a path item with one operation."""
    return {"get": {"operationId": operation_id, "responses": {}}}


@pytest.mark.parametrize(
    "invent",
    [
        lambda: invent_path(SPEC, OPERATION.path, item("get_invented_thing")),
        lambda: invent_path(SPEC, INVENTED_PATH, item(OPERATION.id)),
        lambda: invent_schema(SPEC, SCHEMA, {}),
        lambda: invent_header(SPEC, HEADER.lower()),
        lambda: invent_header(SPEC, PARAMETER),
    ],
    ids=["path", "operationId", "schema", "header", "header parameter"],
)
def test_an_existing_name_is_refused(invent: Callable[[], object]) -> None:
    """The addition would replace a part of the contract."""
    with pytest.raises(AssertionError, match=r"the contract has the .* already"):
        invent()


@pytest.mark.parametrize(
    "invent",
    [
        lambda: invent_path(SPEC, "/api/v1/billing/refunds", item("get_invented_thing")),
        lambda: invent_path(SPEC, INVENTED_PATH, item("get_refund")),
        lambda: invent_schema(SPEC, "Refund", {}),
        lambda: invent_header(SPEC, "X-Trace"),
    ],
    ids=["path", "operationId", "schema", "header"],
)
def test_a_name_that_could_become_real_is_refused(invent: Callable[[], object]) -> None:
    """The vendor may publish a part of that name."""
    with pytest.raises(AssertionError, match="contains the word 'invented'"):
        invent()


def test_the_contract_itself_does_not_change() -> None:
    """Additions are made to a copy."""
    grown = invent_path(SPEC, INVENTED_PATH, item("get_invented_thing"))
    assert INVENTED_PATH in grown["paths"]
    assert INVENTED_PATH not in SPEC["paths"]
