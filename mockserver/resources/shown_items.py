"""Items as responses show them."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.schemas import Schema
from mockserver.resources.account import Json
from mockserver.resources.fitting import Fitting
from mockserver.resources.model import Resource


def shown_item(fitting: Fitting, schema: Schema, resource: Resource, key: str, data: Json) -> Any:
    """Return an item as a schema shows it. Raises Unfit.

    Where no object is allowed, it is its key. Where the schema says nothing and nothing identifies
    an item, its key is shown as ``id``.
    """
    shape = fitting.shapes.of(schema)
    value: Any = data
    if shape.types and not shape.is_object and shape.is_scalar:
        value = data.get(resource.identity or "", key)
    elif resource.identity is None and not resource.key_way and not shape.names:
        value = {"id": key, **data}
    return fitting.fit(schema, value, (resource.name, key), is_sparse=True).value
