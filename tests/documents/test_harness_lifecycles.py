"""What the benchmark takes for a resource that holds its state."""

from __future__ import annotations

import json
import random
from itertools import count
from typing import Any

import pytest

from benchmarks.documents.client import Reply
from benchmarks.documents.lifecycles import Lifecycles, first_item, identity_in, resources
from benchmarks.documents.messages import Message, Messages
from benchmarks.documents.reading import read
from benchmarks.documents.values import Values
from tests.documents.ours import DOCUMENTS

READING = read(DOCUMENTS["bare-lists"])


class Tasks:
    """A server of the tasks that forgets one thing on request."""

    def __init__(self, forgets: str = "") -> None:
        self.forgets = forgets
        self.kept: dict[int, dict[str, Any]] = {}
        self.numbers = count(1)

    def send(self, message: Message) -> Reply:
        """Respond to a request."""
        identity = next(iter(message.parameters.values()), None) if message.made_up else None
        step = f"{message.operation.method} {'item' if message.made_up else 'collection'}"
        if step == "GET collection":
            return reply([] if self.forgets == "list" else list(self.kept.values()))
        if step == "POST collection":
            number = 1 if self.forgets == "identity" else next(self.numbers)
            self.kept[number] = {"id": number, **message.body}
            if self.forgets == "body":
                return Reply(201, "", {"location": f"/tasks/{number}"}, b"")
            return reply(self.kept[number])
        identity = int(str(identity)) if str(identity).isdecimal() else identity
        if identity not in self.kept:
            return Reply(404, "", {}, b"")
        if step == "POST item" and self.forgets != "update":
            self.kept[identity] |= message.body
        if step == "DELETE item" and self.forgets != "delete":
            del self.kept[identity]
            return Reply(200, "", {}, b"")
        return reply(
            {"id": identity, "text": "x"} if self.forgets == "read" else self.kept[identity]
        )


def reply(body: Any) -> Reply:
    return Reply(200, "application/json", {}, json.dumps(body).encode())


def failure(server: Tasks) -> str:
    known = resources(READING.operations)
    messages = Messages(READING.request, Values(READING.request, random.Random(1)))
    outcome = Lifecycles(known, messages, server.send).follow(known[0])
    assert outcome is not None
    return outcome.failure


def test_a_server_that_keeps_everything_holds_its_state() -> None:
    """Created, read, listed, changed and deleted: no failure."""
    assert not failure(Tasks())


def test_a_creation_may_name_its_item_in_the_location_alone() -> None:
    """A response without a body has no other place for it."""
    assert not failure(Tasks("body"))


@pytest.mark.parametrize(
    ("forgets", "text"),
    [
        ("identity", "create: a second item has the same identifier"),
        ("read", "read: text"),
        ("list", "list: it is missing"),
        ("update", "read after update: text"),
        ("delete", "read after delete: status 200"),
    ],
)
def test_a_server_that_forgets_is_found(forgets: str, text: str) -> None:
    """Each step that a static mock fails is named."""
    assert failure(Tasks(forgets)).startswith(text)


def test_resources_are_collections_with_items() -> None:
    """The shop has customers and their orders."""
    found = resources(read(DOCUMENTS["shop"]).operations)
    assert [one.item for one in found] == [
        "/customers/{customer_id}",
        "/customers/{customer_id}/orders/{order_id}",
    ]
    assert set(found[0].operations) == {"create", "read", "list", "update", "delete"}


@pytest.mark.parametrize(
    ("body", "parameter", "identity"),
    [
        ({"id": 7}, "task_id", 7),
        ({"data": {"gid": "1"}}, "task_gid", "1"),
        ({"article": {"slug": "a-b", "title": "A"}}, "slug", "a-b"),
        ({"customerId": "c", "id": "d"}, "customer_id", "c"),
        ({"sid": "V1"}, "Sid", "V1"),
        ({"$id": "V2", "name": "A"}, "teamId", "V2"),
        ({"pets": [{"id": 3}], "total": 1}, "petId", 3),
        ({"username": "ada", "email": "a@example.com"}, "user", "ada"),
        ("k7", "key", "k7"),
        ([], "id", None),
    ],
)
def test_identifiers_are_found(body: Any, parameter: str, identity: Any) -> None:
    """The parameter's name, and what it ends with, name the identifier."""
    assert identity_in(body, parameter) == identity


def test_the_first_item_is_that_of_a_list_or_of_its_envelope() -> None:
    """Lists are bare or in an envelope."""
    assert first_item([{"id": 1}]) == {"id": 1}
    assert first_item({"total": 1, "data": [{"id": 2}]}) == {"id": 2}
    assert first_item({"data": []}) is None
    assert first_item({"data": {"items": [{"id": 3}]}}) == {"id": 3}


def test_the_name_of_the_item_comes_before_other_references() -> None:
    """Of several ids, the one that is named like the collection is the item's own."""
    body = {"ownerId": 1, "recipeId": 2}
    assert identity_in(body, "id", noun="recipe") == 2
