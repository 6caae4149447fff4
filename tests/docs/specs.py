"""Small documents, and the pages made from them."""

from __future__ import annotations

from typing import Any, Literal

from mockserver.docs.document import Document
from mockserver.docs.formats import FORMATS
from mockserver.docs.model import Operation, Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published
from mockserver.docs.reader import read

Json = dict[str, Any]
JSON = "application/json"


def spec(
    paths: Json | None = None, schemas: Json | None = None, *, version: str = "3.0.3", **others: Any
) -> Json:
    """Return a document with these paths and shared schemas."""
    return {
        "openapi": version,
        "info": {"title": "Small", "version": "1"},
        "paths": paths or {},
        "components": {"schemas": schemas or {}},
        **others,
    }


def responding(schema: Any, **media: Any) -> Json:
    """Return responses with a 200 whose JSON has a schema."""
    return {"200": {"description": "It.", "content": {JSON: {"schema": schema, **media}}}}


def taking(schema: Any, **media: Any) -> Json:
    """Return a request body whose JSON has a schema."""
    return {"content": {JSON: {"schema": schema, **media}}}


def to(name: str) -> Json:
    """Return a reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def reference(document: Json) -> Reference:
    return read(Document.of(document))


def only_operation(document: Json) -> tuple[Published, Operation]:
    """Return the only operation of a document, with the builder of its published page."""
    whole = reference(document)
    (operation,) = whole.operations
    return Published(whole), operation


def of_get(**operation: Any) -> tuple[Published, Operation]:
    """Return an operation of method GET."""
    return only_operation(spec({"/things": {"get": operation}}))


def markdown(
    document: Json,
    provenance: Literal["documented", "all"] = "all",
    examples: Literal["realistic", "placeholder"] = "realistic",
) -> str:
    """Return the Markdown page of a document."""
    return FORMATS["markdown"](reference(document), Options(provenance, examples))["reference.md"]
