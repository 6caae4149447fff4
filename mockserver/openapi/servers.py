"""The base paths of servers, below which operations are served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

_MAX_BASE_PATHS = 32
"""Further combinations of the values of variables are not served."""


def base_path(server: dict[str, Any]) -> str:
    """Return the path of a server, with the defaults of its variables. Raise ValueError."""
    return next(_paths(server))


def base_paths(servers: Sequence[dict[str, Any]]) -> list[str]:
    """Return the paths of servers, for all values of their variables, each once."""
    found: dict[str, None] = {}
    for server in servers or [{"url": "/"}]:
        try:
            found |= dict.fromkeys(islice(_paths(server), _MAX_BASE_PATHS))
        except ValueError:
            continue  # the first server was checked when the document was loaded
    return list(found)[:_MAX_BASE_PATHS]


def _paths(server: dict[str, Any]) -> Iterator[str]:
    """Yield the paths of a server, that of the defaults first."""
    url = str(server.get("url", "/"))
    variables: dict[str, Any] = server.get("variables", {})
    used = {name: node for name, node in variables.items() if f"{{{name}}}" in url}
    choices = [
        dict.fromkeys(map(str, [node.get("default", ""), *node.get("enum", [])]))
        for node in used.values()
    ]
    for values in product(*choices):
        filled = url
        for name, value in zip(used, values, strict=True):
            filled = filled.replace(f"{{{name}}}", value)
        # A variable without a value stands for its own name.
        path = urlsplit(filled).path.replace("{", "").replace("}", "")
        # A relative URL leads to a place beside the document, whose own place is the root here.
        segments = [segment for segment in path.split("/") if segment not in ("", ".", "..")]
        yield "".join(f"/{segment}" for segment in segments)
