"""The document of the control API: what any mock has, and what the served API adds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver import packaged
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema


def load(overlay: Path | None, schemes: Mapping[str, Schema]) -> Contract:
    """Load the control API's document. Raises FileError.

    ``overlay`` is merged into the general document. Without one, accounts are named by the first
    of the served document's security ``schemes``.
    """
    path = packaged.control_spec()
    document = yaml_file.load(path)
    if overlay is not None:
        document = merge(document, yaml_file.load(overlay))
    elif schemes:
        document["components"]["securitySchemes"]["ApiKey"] = next(iter(schemes.values()))
    return Contract.checked(path, document)


def merge(base: Any, overlay: Any) -> Any:
    """Return an OpenAPI document with another laid over it.

    Mappings are merged key by key and tags by name; any other value is replaced.
    """
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    merged = {**base}
    for key, value in overlay.items():
        is_tags = key == "tags" and isinstance(value, list) and key in base and "openapi" in base
        merged[key] = [*base[key], *value] if is_tags else merge(base.get(key), value)
    return merged
