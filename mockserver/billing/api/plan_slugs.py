"""The slugs of the plans in the contract that is served: those of the user's catalogue, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mockserver.openapi.contract import Contract

_PLACE = ("components", "schemas", "Subscription", "properties", "plan")
"""Where the contract lists the slugs."""


def with_plans(contract: Contract, slugs: Iterable[str]) -> Contract:
    """Return the contract with these slugs among those of a subscription's plan.

    The file of the contract stays as it is. A contract that allows any slug, or all of these, is
    returned unchanged.
    """
    listed = _enum(contract)
    added = [slug for slug in slugs if slug not in listed] if listed is not None else []
    if listed is None or not added:
        return contract
    document = _copied(contract.document, _PLACE)
    node = document
    for name in _PLACE:
        node = node[name]
    node.pop("$ref", None)
    node.update(_followed(contract), enum=[*listed, *added])
    return msgspec.structs.replace(contract, document=document)


def _enum(contract: Contract) -> list[str] | None:
    found = _followed(contract).get("enum")
    return found if isinstance(found, list) else None


def _followed(contract: Contract) -> dict[str, Any]:
    """Return the schema of the slug, without a reference; an empty one if there is none."""
    node: Any = contract.document
    for name in _PLACE:
        node = node.get(name) if isinstance(node, dict) else None
    return contract.follow(node) if isinstance(node, dict) else {}


def _copied(node: Any, place: tuple[str, ...]) -> Any:
    """Return a copy of a node in which the nodes on the way to a place are copies, too."""
    if not place:
        return dict(node)
    return {**node, place[0]: _copied(node[place[0]], place[1:])}
