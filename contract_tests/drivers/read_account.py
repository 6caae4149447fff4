"""Read everything that an account shows, so that its views can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.context import Run
from contract_tests.http.client import Client
from contract_tests.openapi.contract import Operation, Place
from contract_tests.openapi.examples import NOBODYS_ID, parameter_value, required_query
from contract_tests.openapi.lists import UNKNOWN_VALUE, ListOperation

_WEEK, _QUARTER = 6, 90
"""What is added to the least value of a number, and the most that is asked for."""


def read_account(run: Run, client: Client, *, thoroughly: bool = False) -> None:
    """Read every view of an account; ``thoroughly``: in small pages and by every filter, too."""
    run.wait_for_lag(client)
    for operation in run.operations(reads=True):
        listed = run.lists.get(operation.id)
        if operation.path_names:
            continue
        if listed is not None:
            for _ in client.pages(listed, size=listed.largest):
                pass
        else:
            client.call(operation.id, query=dict(required_query(run.contract, operation)))
    if run.settings.may_write:
        for operation in run.operations(reads=False):
            if (
                operation.id in run.knowledge.effects.read_only_posts
                and not operation.body_required
            ):
                client.call(operation.id)
    if thoroughly:
        _in_parts(run, client)


def read_scope(run: Run, client: Client, scope: str) -> None:
    """Read the views of a shared account, such as an organization."""
    header = run.knowledge.identifiers.scope_header
    for operation in run.operations(reads=True):
        if any(parameter.node["name"] == header for parameter in operation.parameters):
            client.call(operation.id, headers={header: scope})


def path_values(run: Run, client: Client, operation: Operation) -> Mapping[str, str]:
    """Return real values for the path's parameters, as far as the account has any."""
    names = operation.path_names
    if not names:
        return {}
    values = {name: _value_of_nobody(run, operation, name) for name in names}
    id = _first_id(run, client, operation)
    return values | ({names[0]: id} if id is not None else {})


def _first_id(run: Run, client: Client, operation: Operation) -> str | None:
    """Return the id of the first thing in the list above the path's first parameter."""
    matched = run.contract.match("GET", operation.path.partition("/{")[0])
    if matched is None or matched[0].path_names:
        return None
    response = client.call(matched[0].id)
    things = next(_lists_of_objects(response.json), [])
    name = operation.path_names[0]
    for key in (name, "id"):
        if things and isinstance(things[0].get(key), str | int):
            return str(things[0][key])
    return None


def _lists_of_objects(body: Any) -> Iterator[list[dict[str, Any]]]:
    for value in (body, *(body.values() if isinstance(body, dict) else ())):
        if isinstance(value, list) and value and all(isinstance(thing, dict) for thing in value):
            yield value


def _value_of_nobody(run: Run, operation: Operation, name: str) -> str:
    """Return a valid value of a path parameter that most likely names nothing."""
    declared = (
        parameter
        for parameter in operation.parameters
        if (parameter.node["in"], parameter.node["name"]) == ("path", name)
    )
    place = next(declared, None)
    if place is None:  # only the template of the path has it
        return NOBODYS_ID
    schema = run.contract.at(place.child("schema")).node if "schema" in place.node else {}
    is_free = schema.get("type", "string") == "string" and not {"enum", "pattern"} & schema.keys()
    return NOBODYS_ID if is_free else parameter_value(run.contract, place)


# ---------------------------------------------------------------------------------------- in parts


def _in_parts(run: Run, client: Client) -> None:
    """Read lists in small pages, at their ends and by every filter; other reads by number."""
    for operation in run.operations(reads=True):
        listed = run.lists.get(operation.id)
        if listed is not None:
            _small_pages(client, listed)
            _filters(client, listed)
        elif not operation.path_names:
            for parameter in operation.parameters:
                for value in _numbers(run, parameter):
                    client.call(operation.id, query={parameter.node["name"]: value})


def _small_pages(client: Client, listed: ListOperation) -> None:
    if listed.position is None:
        for size in (1, 2):
            client.call(listed.id, query={listed.size: size})
        return
    total = _total(client.call(listed.id).object)
    for _ in client.pages(listed, size=listed.clamped(total // 3), at_most=4):
        pass
    _ends(client, listed, total)


def _ends(client: Client, listed: ListOperation, total: int) -> None:
    """Read the last page exactly full, one entry short, and beyond the end."""
    if listed.position == "page":
        whole = listed.clamped(total)
        for page, size in ((1, whole), (2, whole), (max(1, total), 1)):
            client.call(listed.id, query={"page": page, listed.size: size})
        return
    for offset in {max(0, total - 1), max(0, total - 2), total, total + 5}:
        client.call(listed.id, query={listed.size: 2, "offset": offset})
    client.call(listed.id, query={listed.size: 1, "offset": 1})


def _filters(client: Client, listed: ListOperation) -> None:
    """Read the list by every value of every filter, as a whole and in two halves."""
    for name, values in listed.filters.items():
        for value in (*values, UNKNOWN_VALUE):
            whole = {name: value, listed.size: listed.largest}
            total = _total(client.call(listed.id, query=whole).object)
            if total > 1 and listed.position is not None:
                size = listed.clamped((total + 1) // 2)
                for number in (0, 1):
                    client.call(listed.id, query={name: value, **listed.page(number, size)})


def _numbers(run: Run, parameter: Place) -> list[int]:
    """Return values of a bounded number: the least, a few more, many."""
    schema = run.contract.at(parameter.child("schema")).node if "schema" in parameter.node else {}
    if parameter.node["in"] != "query" or not {"minimum", "maximum"} <= schema.keys():
        return []
    low, high = schema["minimum"], schema["maximum"]
    return [low, min(high, low + _WEEK), min(high, _QUARTER)]


def _total(body: Mapping[str, Any]) -> int:
    total = body.get("total")
    return total if isinstance(total, int) else 0
