"""The contract holds what the published Billing page documents, and calls nothing documented that is not there."""

import pytest

from .contract import Operation, operations
from .published import (
    NOTHING_PUBLISHED,
    Published,
    documented_body_properties,
    documented_operations,
    documented_response,
    is_documented,
    read_page,
)

PAGE = read_page()
CONTRACT = {operation.key: operation for operation in documented_operations()}
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation for operation in operations()
}

each_published = pytest.mark.parametrize("published", PAGE, ids=lambda published: published.key)
each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS.values(), ids=lambda operation: operation.id
)


def row_names(published: Published) -> list[str]:
    return [row.name for row in published.rows]


def test_the_page_has_29_operations() -> None:
    """The reader of the page finds all of it; fewer would make every test here pass for less."""
    assert len(PAGE) == 29
    assert sum(len(published.rows) for published in PAGE) == 50
    assert sum(published.response == NOTHING_PUBLISHED for published in PAGE) == 7


def test_contract_and_page_list_the_same_operations_in_the_same_order() -> None:
    """Paths are sorted with `{` after the letters; the methods of a path keep the contract's order."""
    assert [operation.key for operation in documented_operations()] == [
        published.key for published in PAGE
    ]


@each_published
def test_summary_is_the_published_one(published: Published) -> None:
    """The summary is the page's, word for word."""
    assert CONTRACT[published.key].summary == published.summary


@each_published
def test_parameters_are_the_published_ones(published: Published) -> None:
    """Name, type, requiredness, description, default and order of every row are the page's, and there are no others."""
    assert row_names(CONTRACT[published.key]) == row_names(published)
    assert list(CONTRACT[published.key].rows) == list(published.rows)


@each_published
def test_request_example_follows_from_the_contract(published: Published) -> None:
    """The page's curl command has the contract's server, path, required properties and defaults."""
    assert CONTRACT[published.key].request_url == published.request_url
    assert CONTRACT[published.key].request_body == published.request_body


@each_published
def test_response_begins_with_the_published_fields(published: Published) -> None:
    """The first fields of the 200 are the page's, in its order and of the kinds that its placeholders allow."""
    stated = CONTRACT[published.key].response
    assert list(stated) == list(published.response)
    # As JSON text would compare: 0 and false are equal in Python.
    assert [(type(value), value) for value in stated.values()] == [
        (type(value), value) for value in published.response.values()
    ]


@each_published
def test_shown_fields_lead_and_short_responses_are_complete(published: Published) -> None:
    """A page that shows six fields may leave more unsaid; one that shows fewer has shown them all."""
    operation = OPERATIONS[published.key]
    documented = [name for name, _ in documented_response(operation)]
    if not documented:
        return
    fields = list(operation.response_schema["properties"])
    assert fields[: len(documented)] == documented
    assert len(documented) == 6 or fields == documented


@each_published
def test_responses_without_a_published_schema_are_not_called_documented(
    published: Published,
) -> None:
    """Where the page prints `{"status": "ok"}` there is a 200 whose fields are ours."""
    operation = OPERATIONS[published.key]
    without_schema = published.response == NOTHING_PUBLISHED
    assert is_documented(operation.node, operation.node["responses"]["200"])
    assert is_documented(operation.success) != without_schema
    assert is_documented(operation.response_schema) != without_schema


@each_operation
def test_documented_body_properties_are_on_the_page(operation: Operation) -> None:
    """A body property without a mark of its own stands on the page."""
    published = next(p for p in PAGE if p.key == f"{operation.method.upper()} {operation.path}")
    assert {name for name, _, _ in documented_body_properties(operation)} <= set(
        row_names(published)
    )


@each_operation
def test_titles_stand_only_where_the_page_shows_them(operation: Operation) -> None:
    """A title is what the page prints for want of a description; elsewhere it would be noise."""
    titled = {name for name, prop, _ in documented_body_properties(operation) if "title" in prop}
    published = next(p for p in PAGE if p.key == f"{operation.method.upper()} {operation.path}")
    shown = {
        row.name
        for row in published.rows
        if row.description == row.name.replace("_", " ").title() != row.name
    }
    assert titled == shown
