"""How lifecycles compare values, read lists, and infer resources."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contract_tests.drivers.lifecycle_lists import read_list
from contract_tests.drivers.lifecycle_values import differs, entries_in, identity_in
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.resources import resources
from tests.documents.ours import DOCUMENTS

CONTRACT = Contract.load(DOCUMENTS["bare-lists"])
LISTING = CONTRACT.operations["listTasks"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (" Kit 1 ", "kit 1"),
        ("Kit@Example.com", "kit@example.com"),
        ("kit-1", "KIT 1"),
        (7, 7.0),
        (7, "7.00"),
        (2.345, 2.35),
        (True, "true"),
        ("2031-01-02T12:00:00Z", "2031-01-02T13:00:00+01:00"),
        ("4242 4242", "****4242"),
        ({"a": 1}, {"a": 2}),
    ],
)
def test_another_form_of_a_value_is_the_same(sent: Any, shown: Any) -> None:
    """Servers trim, lower, round, mask and convert."""
    assert not differs(sent, shown)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("kit-1", "kit-2"),
        ("kit-1", None),
        (7, 8),
        (7, 0.0),
        (True, False),
        ("2031-01-02T12:00:00Z", "2031-01-02T13:00:00Z"),
    ],
)
def test_another_value_differs(sent: Any, shown: Any) -> None:
    """Other letters, digits, numbers and times are another value."""
    assert differs(sent, shown)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ([{"id": 1}], 1),
        ({"data": [{"id": 1}, {"id": 2}], "errors": []}, 2),
        ({"_embedded": {"tasks": [{"id": 1}]}, "_links": {}}, 1),
        ({"a": [{"id": 1}], "b": [{"id": 2}]}, None),
        (["1"], None),
        ("text", None),
    ],
)
def test_the_entries_of_a_body(body: Any, count: int | None) -> None:
    """A list is the body, or the only list in it."""
    entries = entries_in(body)
    assert (len(entries) if entries is not None else None) == count


@pytest.mark.parametrize(
    ("thing", "parameter", "expected"),
    [
        ({"id": 5, "name": "a"}, "pet_id", ("id", "5", True)),
        ({"petId": "p1", "id": 5}, "petId", ("petId", "p1", True)),
        ({"slug": "a", "id": 5}, "slug", ("slug", "a", True)),
        ({"id": 5}, "pet", ("id", "5", False)),
        ({"id": 5, "code": "a"}, "pet_code", ("id", "5", False)),
        ({"name": "a"}, "pet_id", None),
        ({"id": True}, "id", None),
    ],
)
def test_the_identity_of_a_thing(thing: Any, parameter: str, expected: Any) -> None:
    """A property with the name or the ending of the path parameter is certain."""
    assert identity_in(thing, parameter, "pet") == expected


def pages(*bodies: Any, link: str = "") -> Any:
    """Return what responds with one body after another, then with empty lists."""
    left = list(bodies)

    def ask(query: Any) -> Exchange:  # noqa: ARG001 (the query of the page)
        headers = (("Link", link),) if link and len(left) > 1 else ()
        return Exchange(
            number=1,
            method="GET",
            url="http://tasks.example.com/tasks",
            path="/tasks",
            request_headers=(),
            request_body=b"",
            status=200,
            response_headers=headers,
            response_body=json.dumps(left.pop(0) if left else []).encode(),
            started=datetime(2026, 3, 14, tzinfo=UTC),
            seconds=0.1,
            account="api-key",
        )

    return ask


def test_a_list_is_read_to_its_empty_page() -> None:
    """With an offset, pages are read until one has nothing new."""
    listed = read_list(CONTRACT, LISTING, pages([{"id": 1}], [{"id": 2}], []))
    assert ([entry["id"] for entry in listed.entries], listed.doubt) == ([1, 2], "")


def test_a_list_without_an_end_is_in_doubt() -> None:
    """After many pages, entries may still be missing."""
    listed = read_list(CONTRACT, LISTING, pages(*([{"id": number}] for number in range(99))))
    assert "other pages" in listed.doubt


def test_resources_follow_from_paths() -> None:
    """A POST on a collection and operations on its items are a resource; nested ones come last."""
    found = resources(Contract.load(DOCUMENTS["shop"]))
    assert [(resource.name, resource.parents) for resource in found] == [
        ("customers", ()),
        ("customers/{customer_id}/orders", ("customer_id",)),
    ]
    assert [resource.parameter for resource in found] == ["customer_id", "order_id"]
    assert all(len(resource.operations) == 5 for resource in found)
