"""The document of the control API is put together from a general one and an API's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from mockserver import packaged
from mockserver.control import document
from mockserver.control.operations import HANDLERS

Json = dict[str, Any]

SCHEMES: list[Json] = [
    {"type": "http", "scheme": "bearer"},
    {"type": "apiKey", "in": "query", "name": "key"},
    {"type": "oauth2", "flows": {}},
]


@pytest.mark.parametrize(
    ("base", "overlay", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"tags": ["Server"]}, {"tags": ["Clock"]}, {"tags": ["Clock"]}),
    ],
)
def test_objects_are_merged_by_key(base: Json, overlay: Json, merged: Json) -> None:
    """Any other value is replaced, lists included."""
    assert document.merge(base, overlay) == merged


def test_the_tags_of_a_document_are_merged_by_name() -> None:
    """A described tag can be described better; new ones follow."""
    base = {
        "openapi": "3.0.3",
        "tags": [{"name": "Server", "description": "Old."}, {"name": "Clock"}],
    }
    overlay = {"tags": [{"name": "Server", "description": "New."}, {"name": "Checkout"}]}
    assert document.merge(base, overlay)["tags"] == [
        {"name": "Server", "description": "New."},
        {"name": "Clock"},
        {"name": "Checkout"},
    ]


def test_merging_changes_neither_document() -> None:
    """Both may be merged again."""
    base: Json = {"a": {"b": [1]}}
    overlay: Json = {"a": {"c": 2}}
    document.merge(base, overlay)
    assert (base, overlay) == ({"a": {"b": [1]}}, {"a": {"c": 2}})


@pytest.mark.parametrize(
    "overlay", [None, packaged.billing_control_spec()], ids=["none", "billing"]
)
def test_the_document_is_valid_openapi(overlay: Path | None) -> None:
    """Alone, and with what billing adds."""
    validate(document.load(overlay, {}).document)


def test_the_general_document_describes_the_general_handlers() -> None:
    """Operations and handlers are the same set."""
    operations = set(document.load(None, {}).operations)
    assert operations == {*HANDLERS, "get_openapi_document", "stream_requests"}


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme["type"])
def test_accounts_are_named_by_the_schemes_of_the_served_document(scheme: Json) -> None:
    """Each of them names an account."""
    basic = {"type": "http", "scheme": "basic"}
    loaded = document.load(None, {"first": scheme, "second": basic})
    assert loaded.security_schemes == {"ApiKey": scheme, "ApiKey1": basic}
    assert loaded.operations["get_state"].security == [{"ApiKey": []}, {"ApiKey1": []}]
