"""Schemas that validators can compile: keywords with impossible values are left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jsonschema_rs

from mockserver.openapi.problems import Pointer, Problems
from mockserver.openapi.references import Node

_MAX_REPAIRS = 100
_DRAFTS = {
    True: "https://json-schema.org/draft/2020-12/schema",
    False: "http://json-schema.org/draft-04/schema#",
}


def repair(
    roots: Iterable[tuple[Pointer, Node]], problems: Problems, *, is_json_schema: bool
) -> None:
    """Remove the keywords of schemas that no validator compiles, in place, with warnings."""
    for pointer, root in roots:
        for _ in range(_MAX_REPAIRS):
            try:
                jsonschema_rs.meta.validate({**root, "$schema": _DRAFTS[is_json_schema]})
                break
            except jsonschema_rs.ValidationError as error:
                if not _remove(root, error.instance_path):
                    break
                place = (*pointer, *error.instance_path)
                problems.warn(place, f"{error.message}; it is left out")
            except ValueError:
                break


def _remove(root: Any, way: list[str | int]) -> bool:
    """Remove a part of a schema. Return whether it existed."""
    if not way:
        return False
    try:
        for key in way[:-1]:
            root = root[key]
        del root[way[-1]]
    except (LookupError, TypeError):
        return False
    return True
