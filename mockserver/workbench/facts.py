"""What the page needs to know of the served API. It contains no secret."""

from __future__ import annotations

from typing import Any

from mockserver.engine.behaviour import About
from mockserver.openapi.contract import Contract


def facts_of(
    about: About, control: Contract, served: Contract, pages: str, *, has_guides: bool
) -> dict[str, Any]:
    """Return title, paths, operations, and how the control API takes the key of an account."""
    scheme = control.security_schemes["ApiKey"]
    return {
        "title": about.title,
        "reference": f"{pages}/docs/reference",
        "guides": f"{pages}/docs" if has_guides else "",
        "scheme": {name: scheme.get(name) for name in ("type", "in", "name", "scheme")},
        "operations": sorted(served.operations),
        "controls": sorted(control.operations),
        "events": control.schemas["EventType"].get("enum"),
    }
