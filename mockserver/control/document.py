"""The document of the control API: its general operations, and those that a served API adds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver import packaged
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema
from mockserver.openapi.yaml_file import FileError
from mockserver.settings import DEFAULT_CONTROL_PREFIX


def load(
    overlay: Path | None, schemes: Mapping[str, Schema], prefix: str = DEFAULT_CONTROL_PREFIX
) -> Contract:
    """Load the control API's document. Raises FileError.

    ``overlay`` is merged into the general document. Without one, accounts are named by any of the
    served document's security ``schemes``. All paths are below ``prefix``.
    """
    path = packaged.control_spec()
    document = yaml_file.load(path)
    if overlay is not None:
        changes = yaml_file.load(overlay)
        if not isinstance(changes, dict):
            raise FileError(overlay, "must be an object with parts of an OpenAPI document", 1)
        document = merge(document, changes)
    elif schemes:
        _name_accounts_by(schemes, document)
    document["servers"] = [{**server, "url": prefix} for server in document["servers"]]
    return Contract.checked(path, document, overlay)


def _name_accounts_by(schemes: Mapping[str, Schema], document: Schema) -> None:
    """Let the operations of an account take each of these schemes instead of ``ApiKey``."""
    named = {
        f"ApiKey{number or ''}": _plain(scheme) for number, scheme in enumerate(schemes.values())
    }
    document["components"]["securitySchemes"] = named
    any_of_them: list[Schema] = [{name: []} for name in named]
    for item in document["paths"].values():
        for operation in item.values():
            required = operation["security"]
            if {"ApiKey": []} in required:
                others = [each for each in required if each != {"ApiKey": []}]
                operation["security"] = others + any_of_them


def _plain(scheme: Schema) -> Schema:
    """Return the part of a security scheme that accounts need, as OpenAPI 3.0 knows it."""
    place, name = scheme.get("in"), scheme.get("name")
    if scheme.get("type") == "apiKey" and place in ("header", "query", "cookie"):
        return {"type": "apiKey", "in": place, "name": str(name)}
    if scheme.get("type") == "oauth2":
        return {"type": "oauth2", "flows": {}}
    is_http = scheme.get("type") == "http" and isinstance(scheme.get("scheme"), str)
    return {"type": "http", "scheme": scheme["scheme"] if is_http else "bearer"}


def merge(base: Any, overlay: Any) -> Any:
    """Return an OpenAPI document with another one merged into it.

    Objects are merged by key and the document's tags by name. Other values are replaced.
    """
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    merged = {**base}
    for key, value in overlay.items():
        is_document = "openapi" in base
        merged[key] = (
            _merge_tags(base.get(key, []), value)
            if key == "tags" and is_document
            else merge(base.get(key), value)
        )
    return merged


def _merge_tags(base: list[Schema], overlay: list[Schema]) -> list[Schema]:
    tags = {tag["name"]: tag for tag in base}
    for tag in overlay:
        tags[tag["name"]] = {**tags.get(tag["name"], {}), **tag}
    return list(tags.values())
