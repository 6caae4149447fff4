"""Items as responses show them."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.schemas import Schema
from mockserver.resources.account import Json
from mockserver.resources.fitting import Fitting
from mockserver.resources.model import Resource


def shown_item(fitting: Fitting, schema: Schema, resource: Resource, key: str, data: Json) -> Any:
    """Return an item as a schema shows it: where that allows no objects, its key. Raises Unfit."""
    shape = fitting.shapes.of(schema)
    is_key = bool(shape.types) and not shape.is_object and shape.is_scalar
    value = data.get(resource.identity or "", key) if is_key else data
    return fitting.fit(schema, value, (resource.name, key), is_sparse=True).value
