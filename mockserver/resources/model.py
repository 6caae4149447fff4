"""What is inferred from a document: resources, singletons, and the role of each operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from msgspec import Struct, field

from mockserver.openapi.schemas import Schema
from mockserver.resources.identity import Way

_SAFE = "!$&'()*+,;=:@"
"""What a segment of a path may hold as it is (RFC 3986, 3.3), beside letters and digits."""


class Role(StrEnum):
    """What an operation does to a resource."""

    LIST = "list"
    CREATE = "create"
    READ = "read"
    REPLACE = "replace"
    MERGE = "merge"
    DELETE = "delete"
    ACT = "act"
    """An action below an item."""


class Template(Struct, frozen=True):
    """The path of a collection or singleton."""

    segments: tuple[str, ...]
    """``{}`` stands for a parameter."""
    parameters: tuple[str, ...]

    def place(self, values: Sequence[str]) -> str:
        """Return the path with the first values of a request: it names one collection."""
        left = iter(values)
        return "/" + "/".join(
            next(left, "").replace("/", "%2F") if segment == "{}" else segment
            for segment in self.segments
        )

    def __str__(self) -> str:
        return self.place([f"{{{name}}}" for name in self.parameters])


class Part(Struct, frozen=True):
    """Where a body holds the item, or the array of items."""

    way: Way
    schema: Schema
    """The schema of an item."""
    is_array: bool = False


class Resource(Struct, frozen=True):
    """Items of one kind: a collection, and what is done with it."""

    name: str
    template: Template
    """The path of the collection; of a singleton, its path."""
    schema: Schema
    """The schema of an item as it is read."""
    parameter: str = ""
    """The name of the path parameter that selects an item; empty for a singleton."""
    parameter_schema: Schema = field(default_factory=dict)
    """The schema of that parameter."""
    identity: str | None = None
    """The property that identifies an item."""
    identity_schema: Schema = field(default_factory=dict)
    """The schema of that property."""
    is_named_by_path: bool = False
    """Whether the identity is the path of an item, such as ``shelves/fiction/books/dune``."""
    key_way: Way = ()
    """The properties that lead to the key in an item without an identity, such as a file's id."""
    parent: str | None = None
    """The name of the resource whose items have collections of this one."""
    above: tuple[str, ...] = ()
    """The names of the resources above, outermost first: its parent, and its parent's parents."""
    is_singleton: bool = False
    has_known_keys: bool = True
    """Whether clients can know the keys of its items: they create items, or a list shows keys."""
    is_created_by_put: bool = False
    """Whether PUT creates an item whose key the client chooses."""


class Served(Struct, frozen=True):
    """One operation and the resource that it belongs to."""

    operation_id: str
    role: Role
    resource: str
    parameters: tuple[str, ...] = ()
    """The names of its path parameters, in the order of its path."""
    request: Way = ()
    """The properties that lead to the item in the request body."""
    response: Part | None = None
    """The item, or the array, in the response body; None if it holds neither."""
    link: Template | None = None
    """The path below another resource by which the items of this one are listed or created."""


class Model(Struct, frozen=True):
    """Everything that is inferred from one document."""

    resources: Mapping[str, Resource] = field(default_factory=dict)
    operations: Mapping[str, Served] = field(default_factory=dict)
    """By operationId. All other operations are served from examples and schemas."""


class Place(NamedTuple):
    """One collection or singleton: its resource, its path, and the values in its path."""

    resource: Resource
    path: str
    values: Sequence[str]

    def item(self, key: str) -> str:
        """Return the path of an item. A slash in its key is percent-encoded."""
        return f"{self.path}/{quote(key, safe=_SAFE)}"
