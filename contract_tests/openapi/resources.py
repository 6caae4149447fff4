"""Resources of a document: the operations that create, read, list, change and delete one thing.

A resource has a POST on a collection, such as ``/pets``, and operations on its items, such as
``/pets/{pet_id}``; or a PUT on its items that documents a 201. Everything follows from paths,
methods and schemas.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from contract_tests.openapi.contract import JSON, Contract, Operation, Place

_PARAMETER = re.compile(r"\{([^/{}]+)\}")
_ID_WORDS = ("uuid", "guid", "gid", "sid", "id", "slug")
"""Properties that name an item, and endings of path parameters."""
_MAX_DEPTH = 6


@dataclass(frozen=True)
class Resource:
    """The operations of one kind of thing."""

    name: str
    """The path of the collection, without the base path."""
    create: Operation
    read: Operation | None
    listing: Operation | None
    update: Operation | None
    delete: Operation | None

    @property
    def operations(self) -> list[Operation]:
        """All its operations."""
        found = (self.create, self.read, self.listing, self.update, self.delete)
        return [operation for operation in found if operation is not None]

    def only(self, selected: Collection[str]) -> Resource | None:
        """Return the resource with these operations only; None if nothing is left beside create."""

        def kept(operation: Operation | None) -> Operation | None:
            return operation if operation is not None and operation.id in selected else None

        found = Resource(
            self.name,
            self.create,
            kept(self.read),
            kept(self.listing),
            kept(self.update),
            kept(self.delete),
        )
        has_item = found.read is not None or found.delete is not None
        return found if has_item or found.updates_by_path else None

    @property
    def is_named_by_client(self) -> bool:
        """Whether the path of its creation names the item."""
        return self.create.method == "PUT"

    @property
    def updates_by_path(self) -> bool:
        """Whether the update names the item in its path, and not in its body."""
        return self.update is not None and len(self.update.path_names) > len(self.parents)

    @property
    def item(self) -> Operation:
        """An operation on an item."""
        found = (self.read, self.delete, self.update)
        return next(operation for operation in found if operation is not None)

    @property
    def parameter(self) -> str:
        """The path parameter that names an item."""
        return self.item.path_names[-1]

    @property
    def noun(self) -> str:
        """The last word of the collection's path, in the singular."""
        words = [part for part in self.name.split("/") if part and not part.startswith("{")]
        return singular(words[-1]) if words else ""

    @property
    def parents(self) -> tuple[str, ...]:
        """The path parameters of the collection, which name other things."""
        names = self.create.path_names
        return names[:-1] if self.is_named_by_client else names

    @property
    def collection(self) -> str:
        """The path of the collection."""
        path = self.create.path
        return path.rpartition("/{")[0] if self.is_named_by_client else path


def resources(contract: Contract) -> list[Resource]:
    """Return the resources of a document, those above others first."""
    by_path: dict[tuple[str, str], Operation] = {}
    for operation in contract.operations.values():
        by_path.setdefault((operation.method, _plain_path(operation.path)), operation)
    creations = [(path, create) for (method, path), create in by_path.items() if method == "POST"]
    found = [
        _resource(contract, by_path, path, create)
        for path, create in creations
        if not path.endswith("}")
    ]
    posted = {path for path, _ in creations}
    for (method, path), create in by_path.items():
        collection = path.removesuffix("/{}")
        if method == "PUT" and collection not in {path, *posted} and 201 in create.responses:
            found.append(_resource(contract, by_path, collection, create))
    known = [resource for resource in found if resource is not None]
    return sorted(known, key=lambda resource: len(resource.parents))


def _resource(
    contract: Contract, by_path: Mapping[tuple[str, str], Operation], path: str, create: Operation
) -> Resource | None:
    """Return the resource of a collection; None without operations on its items."""
    items = {of: by_path.get((of, f"{path}/{{}}")) for of in ("GET", "PATCH", "PUT", "DELETE")}
    updates = (
        items["PATCH"],
        items["PUT"],
        by_path.get(("POST", f"{path}/{{}}")),
        by_path.get(("PUT", path)),
    )
    update = next(
        (found for found in updates if found is not None and "requestBody" in found.place.node),
        None,
    )
    if items["GET"] is None and items["DELETE"] is None and _is_below(update, path):
        return None
    listing = by_path.get(("GET", path))
    found = Resource("", create, items["GET"], listing, update, items["DELETE"])
    return replace(found, name=found.collection.removeprefix(contract.base_path).strip("/"))


def _plain_path(path: str) -> str:
    """Return a path with parameters without names, and without a slash at its end."""
    return _PARAMETER.sub("{}", path).rstrip("/")


def _is_below(update: Operation | None, collection: str) -> bool:
    """Return whether there is no update of an item by its own path."""
    return update is None or _plain_path(update.path) == collection


def singular(word: str) -> str:
    """Return a word without the ending of its plural."""
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if word.lower().endswith(ending) and not word.lower().endswith("ss"):
            return word[: -len(ending)] + one
    return word


def plain(name: str) -> str:
    """Return a name as it is compared: ``petId`` and ``pet_id`` are ``petid``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


# --------------------------------------------------------------------------------------- properties


def properties_of(contract: Contract, schema: Place, depth: int = 0) -> dict[str, Place]:
    """Return the properties of an object's schema, those of ``allOf`` included."""
    found: dict[str, Place] = {}
    if depth > _MAX_DEPTH:
        return found
    for index in range(len(schema.node.get("allOf") or ())):
        part = contract.at(schema.child("allOf", str(index)))
        found |= properties_of(contract, part, depth + 1)
    for name in schema.node.get("properties") or {}:
        found[name] = contract.at(schema.child("properties", name))
    return found


def required_of(contract: Contract, schema: Place, depth: int = 0) -> set[str]:
    """Return the required properties of an object's schema, those of ``allOf`` included."""
    found = {str(name) for name in schema.node.get("required") or ()}
    for index in range(len(schema.node.get("allOf") or ()) if depth <= _MAX_DEPTH else 0):
        part = contract.at(schema.child("allOf", str(index)))
        found |= required_of(contract, part, depth + 1)
    return found


def response_schema(contract: Contract, operation: Operation) -> Place | None:
    """Return the schema of the first successful JSON response."""
    for status, response in sorted(operation.responses.items()):
        if 200 <= status < 300 and "schema" in (response.node.get("content") or {}).get(JSON, {}):
            return contract.at(response.child("content", JSON, "schema"))
    return None


def envelope_of(contract: Contract, schema: Place, noun: str) -> tuple[str, Place] | None:
    """Return the property of an object that holds the thing, and its schema; None without one.

    It is named after the thing or ``data``, or it is the only property.
    """
    properties = properties_of(contract, schema)
    objects = {name: place for name, place in properties.items() if _has_fields(contract, place)}
    named = [name for name in objects if plain(name) in (plain(noun), "data")]
    if len(properties) == 1 and objects:
        named = list(objects)
    return (named[0], objects[named[0]]) if len(named) == 1 else None


def _has_fields(contract: Contract, schema: Place) -> bool:
    return bool(properties_of(contract, schema))


def identity_names(parameter: str, noun: str, properties: frozenset[str]) -> list[str]:
    """Return the properties that may name an item, the most certain first."""
    wanted = plain(parameter)
    suffix = next((word for word in _ID_WORDS if wanted.endswith(word)), "")
    candidates = [wanted, suffix, plain(noun) + (suffix or "id"), "id"]
    names = {plain(name): name for name in sorted(properties, reverse=True)}
    return list(dict.fromkeys(names[word] for word in candidates if word and word in names))


def is_certain_identity(parameter: str, name: str) -> bool:
    """Return whether a property has the name, or the ending, of the path parameter."""
    wanted, given = plain(parameter), plain(name)
    return wanted == given or (given in _ID_WORDS and wanted.endswith(given))


def fields_of(contract: Contract, schema: Place | None, noun: str) -> Iterator[tuple[str, Place]]:
    """Yield the properties of an item, within its envelope if it has one."""
    if schema is None:
        return
    inner = envelope_of(contract, schema, noun)
    yield from properties_of(contract, inner[1] if inner is not None else schema).items()
